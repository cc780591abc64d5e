import type { RunEventBody, RunId, RunView, StepView } from '@kb-labs/contracts';

import type { EngineDeps } from './deps.js';
import { type Harness, replacing } from './harness.fixture.js';
import type { ManualClock } from './manual-clock.fixture.js';
import { readRun } from './read-run.js';
import { stepIn, turns } from './watch-run.fixture.js';

/** A document `w` whose job `j` has these steps, one on each line. */
export function oneJob(steps: string, around = ''): { 'w.yml': string } {
  const lines = steps.trim().split('\n').map((step) => `      - ${step.trim()}`);
  return { 'w.yml': `id: w\n${around}\njobs:\n  j:\n    steps:\n${lines.join('\n')}\n` };
}

/** The step of `j` once it waits. Somebody has to work on the run. */
export async function waiting(harness: Harness, runId: RunId, step: string): Promise<StepView> {
  let found: StepView | undefined;
  await turns(async () => {
    found = stepIn(await readRun(harness.deps, runId), 'j', step);
    return found.waitsFor !== undefined;
  });
  if (found === undefined) throw new Error('nothing waits');
  return found;
}

/** Lets time pass, in steps of a second, until the run has ended. */
export async function endInTime(harness: Harness, clock: ManualClock, runId: RunId): Promise<RunView> {
  for (;;) {
    const view = await readRun(harness.deps, runId);
    if (view.finishedAt !== null) return view;
    for (let n = 0; n < 5; n += 1) await new Promise(setImmediate);
    clock.advance(1_000);
  }
}

/** Lets everything run that is ready to, without time passing. */
export async function settle(): Promise<void> {
  for (let n = 0; n < 40; n += 1) await new Promise(setImmediate);
}

/** What a dead process does: from a point on, nothing. Its leases run out, because nobody knows that it is dead. */
export function dying(deps: EngineDeps, point: { readonly at: 'before' | 'after'; readonly is: (what: 'append' | 'create', events: readonly RunEventBody[]) => boolean }): EngineDeps {
  let dead = false;
  const unlessDead = <Port extends object>(port: Port, spared: readonly string[] = []): Port =>
    new Proxy(port, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          if (dead && !spared.includes(String(name))) return Promise.reject(new Error('this process is dead'));
          return Reflect.apply(value, target, args);
        };
      },
    });
  const at = async <Result>(what: 'append' | 'create', events: readonly RunEventBody[], write: () => Promise<Result>): Promise<Result> => {
    if (dead || !point.is(what, events)) return write();
    if (point.at === 'after') await write();
    dead = true;
    throw new Error('this process died');
  };
  const log = unlessDead(
    replacing(deps.log, {
      append: (command) => at('append', command.events, () => deps.log.append(command)),
      create: (command) => at('create', command.events, () => deps.log.create(command)),
    }),
    ['watch'],
  );
  return { ...deps, log, catalog: unlessDead(deps.catalog), queue: unlessDead(deps.queue, ['leave', 'onReady']) };
}
