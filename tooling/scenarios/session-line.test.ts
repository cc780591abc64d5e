import { setTimeout as wait } from 'node:timers/promises';

import type { RunEvent, RunId, SessionRunView } from '@kb-labs/contracts';
import { createWorker, type EngineDeps, listSessionRuns, readSession, recoverSessions } from '@kb-labs/engine';
import { startRedisServer } from '@kb-labs/testkit';
import { afterEach, describe, expect, it } from 'vitest';

import { sized } from './fault-size.js';
import { type Host, Hosts } from './host.fixture.js';
import { openEngine, type OpenEngine } from './open-engine.js';
import { openRedisEngine } from './open-redis-engine.js';

const PROCESSES = sized(3, 8);
const EACH = sized(8, 125);
const LIMIT_MS = sized(120_000, 600_000);
const LINE = 'id: line\njobs: { a: { steps: [{ id: s, uses: host/do:it }] } }';
const session = { sessionId: 'line', tenant: 'default' };

const hosts = new Hosts();
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  hosts.clear();
});

interface Site {
  readonly deps: EngineDeps;
  /** A process that submits `EACH` times. */
  submits(name: string): Host;
}

const program = new URL('./session-host.ts', import.meta.url);
const options = (dir: string): OpenEngine => ({ dir, workflows: [LINE], run: () => Promise.resolve({ status: 'success', outputs: {} }) });

const SITES: Readonly<Record<string, () => Promise<Site>>> = {
  'in a file': async () => {
    const dir = hosts.newDir();
    const { deps, store } = await openEngine(options(dir));
    closing.push(() => store.close());
    return { deps, submits: (name) => hosts.start(program, dir, name, String(EACH)) };
  },
  'in Redis': async () => {
    const dir = hosts.newDir();
    const server = await startRedisServer();
    closing.push(() => server.stop());
    const { deps, store } = await openRedisEngine(server.url, options(dir));
    closing.push(() => store.close());
    return { deps, submits: (name) => hosts.start(program, dir, name, String(EACH), server.url) };
  },
};

interface Submitted {
  readonly run: SessionRunView;
  readonly events: readonly RunEvent[];
}

/** All runs of the session in the order of its line. */
async function lineOf(deps: EngineDeps): Promise<Submitted[]> {
  const found: Submitted[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await listSessionRuns(deps, { ...session, limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    for (const run of page.items) found.push({ run, events: await deps.log.read(run.run_id as RunId, 0) });
    if (page.nextCursor === undefined) return found.toReversed();
    cursor = page.nextCursor;
  }
}

/** Keys that are not there once, that stand in another order than they were submitted in, and runs that began before the one before them had ended. */
function problemsOf(line: readonly Submitted[], names: readonly string[]): string[] {
  const keys = line.map(({ run }) => String(run.metadata['key']));
  const orders = names.flatMap((name) => {
    const expected = Array.from({ length: EACH }, (_, n) => `${name}-${String(n + 1)}`);
    const own = keys.filter((key) => key.startsWith(`${name}-`));
    return JSON.stringify(own) === JSON.stringify(expected) ? [] : [`${name} has ${own.join(' ')}`];
  });
  const overlaps = line.flatMap(({ run, events }, index) => {
    const [first] = events;
    const before = line[index - 1]?.events.at(-1);
    if (first === undefined || before === undefined) return first === undefined ? [`${run.run_id} never began`] : [];
    return before.type === 'run.finished' && first.at >= before.at ? [] : [`${run.run_id} began while another went on`];
  });
  return [...orders, ...overlaps];
}

async function untilIdle(deps: EngineDeps): Promise<void> {
  while ((await readSession(deps, session)).status !== 'idle') await wait(20);
}

describe(`${String(PROCESSES)} processes that submit ${String(EACH)} times each to one session, one of which is killed`, () => {
  it.each(Object.entries(SITES))('have each of them run once, one at a time, in the order they were submitted: %s', async (_, open) => {
    const { deps, submits } = await open();
    const names = Array.from({ length: PROCESSES }, (__, n) => `p${String(n + 1)}`);
    const [victim, ...others] = names.map((name) => ({ name, host: submits(name) }));
    if (victim === undefined) throw new Error('nobody submits');
    await victim.host.until(/^answer/m);
    victim.host.process.kill('SIGKILL');
    await victim.host.ended;
    const late = submits(victim.name);
    const worker = createWorker(deps, { concurrency: 4 });
    await worker.start();
    closing.push(() => worker.stop());
    await Promise.all([late, ...others.map(({ host }) => host)].map((host) => host.until(/^done$/m)));
    await recoverSessions(deps);
    await untilIdle(deps);

    const line = await lineOf(deps);
    expect(line).toHaveLength(PROCESSES * EACH);
    expect(line.every(({ run }) => run.status === 'completed')).toBe(true);
    expect((await deps.catalog.listRuns({ limit: 100_000 })).length).toBe(PROCESSES * EACH);
    expect(problemsOf(line, names)).toEqual([]);
    const [first, second, ...rest] = line;
    if (first === undefined || second === undefined) throw new Error('nothing was submitted');
    expect(problemsOf([second, first, ...rest], names), 'and the check can tell').not.toEqual([]);
  }, LIMIT_MS);
});
