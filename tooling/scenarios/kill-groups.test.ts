import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RunEvent, RunId, RunStatus } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { sized } from './fault-size.js';
import { type Host, Hosts, openStore, readLedgers } from './host.fixture.js';
import { disagreements } from './ledgers.js';

const KILLS = sized(5, 30);

const hosts = new Hosts();
afterEach(() => hosts.clear());
const startHost = (...args: string[]): Host => hosts.start(new URL('./group-host.ts', import.meta.url), ...args);

/** What steps wrote down themselves: `<group> begin|end <run>`, in the order it happened. */
function overlaps(lines: readonly string[]): string[] {
  const found: string[] = [];
  const holders = new Map<string, string>();
  for (const line of lines) {
    const [group = '', says, run = ''] = line.split(' ');
    const holder = holders.get(group);
    if (holder !== undefined && holder !== run) found.push(`${run} did "${says ?? ''}" while ${holder} held ${group}`);
    if (says === 'begin') holders.set(group, run);
    else holders.delete(group);
  }
  return found;
}

/** The order in which the runs of each group had their first turn. */
function turns(lines: readonly string[]): Map<string, string[]> {
  const order = new Map<string, Set<string>>();
  for (const line of lines) {
    const [group = '', , run = ''] = line.split(' ');
    order.set(group, (order.get(group) ?? new Set()).add(run));
  }
  return new Map([...order].map(([group, runs]) => [group, [...runs]]));
}

function groupOf(events: readonly RunEvent[]): string {
  const [first] = events;
  return first?.type === 'run.started' ? String(first.plan.inputs['group']) : '';
}

/** A run that is in the midst of a step at three of the kills is quarantined, as it should be, and gives its places up without having had all of its turn. */
function ended(journals: ReadonlyMap<string, readonly RunEvent[]>, status: RunStatus): Set<string> {
  const runs = [...journals].filter(([, events]) => events.some((event) => event.type === 'run.finished' && event.status === status));
  return new Set(runs.map(([run]) => run));
}

async function claimsLeft(dir: string, runs: Iterable<string>): Promise<number> {
  const store = await openStore(dir);
  let left = 0;
  for (const run of runs) left += (await store.claims.of(run as RunId)).length;
  await store.close();
  return left;
}

describe('concurrency groups of runs and of jobs', () => {
  it(`exclude each other, keep their order and are given up, through ${KILLS} kills`, async () => {
    const dir = hosts.newDir();
    writeFileSync(join(dir, 'groups.txt'), '');
    const acknowledged: string[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const host = startHost('produce', dir);
      await host.until(/(?:^ack .*\n){8}/m);
      const timer = setTimeout(() => host.process.kill('SIGKILL'), 30 + Math.random() * 300);
      await host.ended;
      clearTimeout(timer);
      acknowledged.push(...host.acknowledged());
    }
    const rest = startHost('work', dir);
    await rest.until(/^idle/m);

    const ledgers = await readLedgers(dir, acknowledged);
    expect(acknowledged.length).toBeGreaterThanOrEqual(8 * KILLS);
    expect(disagreements(ledgers)).toEqual([]);
    const successes = ended(ledgers.journals, 'success');
    expect(successes.size + ended(ledgers.journals, 'quarantined').size).toBe(ledgers.journals.size);
    const lines = readFileSync(join(dir, 'groups.txt'), 'utf8').trim().split('\n').filter((line) => successes.has(line.split(' ')[2] ?? ''));
    expect(overlaps(lines)).toEqual([]);

    // One producer starts the runs of a group, so that their ids stand in the order they came.
    const came = Map.groupBy([...ledgers.journals].filter(([run]) => successes.has(run)).toSorted(([a], [b]) => (a < b ? -1 : 1)), ([, events]) => groupOf(events));
    for (const [group, order] of turns(lines)) expect(order, group).toEqual(came.get(group)?.map(([run]) => run));
    expect(came.size).toBe(6);
    expect(await claimsLeft(dir, ledgers.journals.keys()), 'places that nobody gave up').toBe(0);
  }, 180_000);

  it('the check notices two at once', () => {
    expect(overlaps(['g begin a', 'g begin a', 'g end a', 'g begin b', 'h begin c', 'g end b', 'h end c'])).toEqual([]);
    expect(overlaps(['g begin a', 'g begin b', 'g end a', 'g end b'])).toHaveLength(2);
  });
});
