import type { RunEvent } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { sized } from './fault-size.js';
import { type Host, Hosts, readLedgers } from './host.fixture.js';
import { disagreements } from './ledgers.js';

const WAITING = sized(40, 1_000);
const ORDINARY = sized(30, 100);

const hosts = new Hosts();
afterEach(() => hosts.clear());
const startHost = (...args: string[]): Host => hosts.start(new URL('./waiting-host.ts', import.meta.url), ...args);

interface Standing {
  readonly dueAt: number;
  readonly now: number;
  readonly held: number;
  readonly tickets: number;
  readonly leased: number;
  readonly early: number;
}

/** The runs whose sleep has ended before an instant, or not at all. */
function wokenBefore(journals: ReadonlyMap<string, readonly RunEvent[]>, instant: number): string[] {
  const found: string[] = [];
  for (const [run, events] of journals) {
    if (workflowOf(events) !== 'sleep') continue;
    const woken = events.find((event) => event.type === 'step.finished' && event.step === 'nap');
    if (woken === undefined || woken.at < instant) found.push(run);
  }
  return found;
}

function workflowOf(events: readonly RunEvent[]): string {
  const [first] = events;
  return first?.type === 'run.started' ? first.plan.workflow.id : '';
}

function endsOf(journals: ReadonlyMap<string, readonly RunEvent[]>): Record<string, number> {
  const ends: Record<string, number> = {};
  for (const events of journals.values()) {
    const last = events.at(-1);
    const end = `${workflowOf(events)} ${last?.type === 'run.finished' ? last.status : 'open'}`;
    ends[end] = (ends[end] ?? 0) + 1;
  }
  return ends;
}

describe(`${WAITING} runs that wait for approvals and ${WAITING} that sleep`, () => {
  it('hold no worker while others run, survive kill -9, wake when they are due and can be answered', async () => {
    const dir = hosts.newDir();
    const first = startHost('fill', dir, String(WAITING), String(ORDINARY));
    const standing = JSON.parse(await first.until(/^\{.*\}$/m)) as Standing;
    expect(standing, 'a run that waits for an answer has no ticket, one that sleeps has one that nobody holds').toMatchObject({
      held: 0,
      tickets: WAITING,
      leased: 0,
      early: 0,
    });
    expect(standing.now, 'all of this was seen while they slept').toBeLessThan(standing.dueAt);
    const acknowledged = first.acknowledged();
    expect(acknowledged).toHaveLength(2 * WAITING + ORDINARY);
    first.process.kill('SIGKILL');
    await first.ended;
    const killed = await readLedgers(dir, acknowledged);
    expect(endsOf(killed.journals)).toEqual({ 'approve open': WAITING, 'sleep open': WAITING, 'ordinary success': ORDINARY });
    expect(disagreements(killed).filter((found) => !found.startsWith('stuck'))).toEqual([]);

    const second = startHost('work', dir);
    const approver = startHost('approve', dir);
    await approver.until(new RegExp(`^answered ${WAITING}$`, 'm'));
    await second.until(/^idle$/m);

    const ledgers = await readLedgers(dir, acknowledged);
    expect(endsOf(ledgers.journals)).toEqual({ 'approve success': WAITING, 'sleep success': WAITING, 'ordinary success': ORDINARY });
    expect(disagreements(ledgers)).toEqual([]);
    expect(ledgers.effects).toHaveLength(2 * WAITING + 3 * ORDINARY);
    expect(new Set(ledgers.effects).size).toBe(ledgers.effects.length);
    expect(wokenBefore(ledgers.journals, standing.dueAt)).toEqual([]);
    expect(wokenBefore(ledgers.journals, Date.now()), 'and the check can tell').toHaveLength(WAITING);
  }, 180_000);
});
