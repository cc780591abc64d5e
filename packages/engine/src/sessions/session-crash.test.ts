import type { RunId } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import type { EngineDeps } from '../deps.js';
import { type Harness, openHarness, replacing } from '../harness.fixture.js';
import { type ManualClock, manualClock } from '../manual-clock.fixture.js';
import { settle } from '../one-job.fixture.js';
import { recoverSessions } from './advance-session.js';
import { createSession } from './create-session.js';
import { listSessionRuns } from './read-session-run.js';
import { readSession } from './read-session.js';
import { SESSION_OPEN_KIND } from './session-record.js';
import { by, line, tenant } from './sessions.fixture.js';
import { submitInput } from './submit-input.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

const workflows = {
  'w.yml': 'id: work\ninputs: { n: { type: number } }\njobs: { a: { steps: [{ id: s, uses: t/do:it, with: { n: "${{ inputs.n }}" } }] } }',
  'c.yml': 'id: caller\ninputs: { n: { type: number } }\njobs: { a: { steps: [{ id: s, uses: "workflow://work", with: { n: "${{ inputs.n }}" } }] } }',
};

interface Mortal {
  /** Of how many it did. */
  writes: number;
  readonly isDead: () => boolean;
  readonly wrap: (deps: EngineDeps) => EngineDeps;
}

/** A process that dies at its nth write of a session or creation of a run: before it is made, or after. From then on it does nothing. */
function mortal(nth: number, at: 'before' | 'after'): Mortal {
  const state = { writes: 0 };
  let dead = false;
  const alive = <Port extends object>(port: Port, spared: readonly string[] = []): Port =>
    new Proxy(port, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => (dead && !spared.includes(String(name)) ? Promise.reject(new Error('this process is dead')) : Reflect.apply(value, target, args));
      },
    });
  const point = async <Result>(write: () => Promise<Result>): Promise<Result> => {
    state.writes += 1;
    if (state.writes !== nth) return write();
    if (at === 'after') await write();
    dead = true;
    throw new Error('this process died');
  };
  return {
    get writes() {
      return state.writes;
    },
    isDead: () => dead,
    wrap: (deps) => ({
      ...deps,
      log: alive(replacing(deps.log, { create: (command) => point(() => deps.log.create(command)) }), ['watch']),
      records: alive(replacing(deps.records, { write: (changes) => point(() => deps.records.write(changes)) })),
      catalog: alive(deps.catalog),
      queue: alive(deps.queue, ['leave', 'onReady']),
    }),
  };
}

const submissions = [
  { workflow: 'work', key: 'one', n: 1 },
  { workflow: 'caller', key: 'two', n: 2 },
  { workflow: 'work', key: 'three', n: 3 },
];

async function submitAll({ deps }: Harness): Promise<string[]> {
  const runs: string[] = [];
  for (const { workflow, key, n } of submissions) runs.push((await submitInput(deps, { ...line, by, request: { workflow_id: workflow, inputs: { n }, idempotency_key: key } })).run.run_id);
  return runs;
}

async function pass(clock: ManualClock, until: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await until())) {
    await settle();
    clock.advance(1_000);
  }
}

async function allEnded({ deps }: Harness): Promise<boolean> {
  return (await readSession(deps, line)).status === 'idle' && (await deps.catalog.openRuns({ limit: 10 })).length === 0;
}

/** Of the submissions and of what they call. */
async function expectOnceEach(harness: Harness, submitted: readonly string[]): Promise<void> {
  const { deps } = harness;
  const runs = await deps.catalog.listRuns({ limit: 100 });
  const own = runs.filter(({ trigger }) => trigger.type === 'manual');
  expect(new Set(own.map(({ id }) => id))).toEqual(new Set(submitted));
  expect(runs).toHaveLength(4);
  expect(runs.every(({ status }) => status === 'success')).toBe(true);
  expect((await listSessionRuns(deps, line)).items.map(({ run_id }) => run_id)).toEqual(submitted.toReversed());
  const spans = await Promise.all(submitted.map(async (id) => (await deps.log.read(id as RunId, 0)).map(({ at }) => at)));
  // One after the other: none began before the one before it had ended.
  for (const [index, span] of spans.entries()) expect(span[0] ?? 0).toBeGreaterThanOrEqual(spans[index - 1]?.at(-1) ?? 0);
  expect(await SESSION_OPEN_KIND.list(deps.records, { limit: 10 })).toEqual([]);
}

async function sessionOf(wrap: (deps: EngineDeps) => EngineDeps): Promise<{ one: Harness; other: Harness; clock: ManualClock }> {
  const clock = manualClock();
  const one = await openHarness({ clock, workflows, wrap });
  const other = await one.another();
  open.push(one, other);
  await createSession(other.deps, { id: 'line', by, tenant });
  return { one, other, clock };
}

/** How many points there are when nobody dies. */
async function countPoints(): Promise<number> {
  const nobody = mortal(0, 'before');
  const { one, clock } = await sessionOf(nobody.wrap);
  const runs = await submitAll(one);
  await one.worker();
  await pass(clock, () => allEnded(one));
  await expectOnceEach(one, runs);
  return nobody.writes;
}

describe('a session whose process dies', () => {
  it('has nothing lost and nothing done twice, wherever that is', async () => {
    const points = await countPoints();
    expect(points).toBeGreaterThan(12);
    for (let nth = 1; nth <= points; nth += 1) {
      for (const at of ['before', 'after'] as const) {
        const mortals = mortal(nth, at);
        const { one, other, clock } = await sessionOf(mortals.wrap);
        await submitAll(one).catch(() => undefined);
        if (!mortals.isDead()) await one.worker();
        await pass(clock, () => mortals.isDead());
        // Who got no answer asks again, with the same keys.
        const runs = await submitAll(other);
        await other.worker();
        await pass(clock, async () => {
          await recoverSessions(other.deps);
          return allEnded(other);
        });
        await expectOnceEach(other, runs);
        for (const each of open.splice(0).toReversed()) await each.close();
      }
    }
  }, 120_000);

  it('goes on without being asked for anything again', async () => {
    const mortals = mortal(1, 'after');
    const { one, other, clock } = await sessionOf(mortals.wrap);
    await submitAll(one).catch(() => undefined);
    expect(await other.deps.catalog.openRuns({ limit: 10 })).toEqual([]);
    await recoverSessions(other.deps);
    expect(await other.deps.catalog.openRuns({ limit: 10 })).toHaveLength(1);
    await other.worker();
    await pass(clock, () => allEnded(other));
    expect(await other.deps.catalog.listRuns({ limit: 10 })).toMatchObject([{ status: 'success' }]);
  });
});
