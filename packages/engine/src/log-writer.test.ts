import type { LogLine, RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { StepCall } from '@kb-labs/ports';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import type { EngineDeps } from './deps.js';
import { type Harness, openHarness, replacing, success } from './harness.fixture.js';

const workflows = { 'w.yml': 'id: w\njobs: { j: { steps: [{ id: s, uses: t/do:it }] } }' };
/** So often an append is asked for before the state counts as away. */
const TRIES = 5;

/** What happens to the next appends of lines: each is made, refused, or made and not answered. */
type Fate = 'made' | 'refused' | 'unanswered';

let host: Harness;
afterEach(() => host.close());

/** An engine whose appends of lines have the fates that `next` names, and which does not wait for long. */
function open(next: () => Fate): Promise<Harness> {
  const wrap = (deps: EngineDeps): EngineDeps => ({
    ...deps,
    clock: { now: () => deps.clock.now(), after: (ms, callback, options) => deps.clock.after(ms > 500 ? ms : 1, callback, options) },
    logs: replacing(deps.logs, {
      append: async (...args) => {
        const fate = next();
        if (fate === 'made') return deps.logs.append(...args);
        if (fate === 'unanswered') await deps.logs.append(...args);
        throw new AppError('STATE_FULL', { problem: 'the test says so' });
      },
    }),
  });
  return openHarness({ workflows, wrap });
}

/** The log of a run whose step is `handler`. */
async function logOf(handler: (write: (text: string) => void) => Promise<void>): Promise<readonly LogLine[]> {
  host.handlers.set('do:it', async (call: StepCall) => {
    await handler((text) => void call.log({ stream: 'stdout', level: 'info', text }));
    return success();
  });
  const runId: RunId = await host.start('w');
  expect((await host.end(runId)).status).toBe('success');
  return (await host.deps.logs.read(runId, { limit: 10_000 })).lines;
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise(setImmediate);
}

/** Where lines `0`, `1`, … are missing without being told, or told to be missing and there. */
function untold(lines: readonly LogLine[], written: number): string[] {
  const found: string[] = [];
  let next = 0;
  lines.forEach(({ n, stream, text }, index) => {
    if (n !== index + 1) found.push(`line ${n} is at place ${index + 1}`);
    if (stream === 'engine') next += Number(/^(\d+) lines? (?:is|are) missing/.exec(text)?.[1]);
    else if (Number(text) === next) next += 1;
    else found.push(`${text} where ${next} belongs`);
  });
  return next === written ? found : [...found, `${next} of ${written} lines are there or told`];
}

describe('the log of a step that the state does not take for a while', () => {
  it('says in their place how many lines are missing', async () => {
    let refused = 0;
    let away = false;
    host = await open(() => {
      if (!away) return 'made';
      refused += 1;
      return 'refused';
    });
    await host.worker();
    const lines = await logOf(async (write) => {
      away = true;
      write('kept until the state is back');
      await until(() => refused === TRIES);
      write('dropped');
      await until(() => refused === TRIES + 1);
      write('dropped too');
      await until(() => refused === TRIES + 2);
      away = false;
      write('after');
    });
    expect(lines.map(({ n, stream, text }) => [n, stream, text])).toEqual([
      [1, 'stdout', 'kept until the state is back'],
      [2, 'engine', expect.stringMatching(/^2 lines are missing/)],
      [3, 'stdout', 'after'],
    ]);
  });

  it('says so too when nothing comes after them', async () => {
    let refused = 0;
    host = await open(() => {
      refused += 1;
      return refused <= TRIES + 1 ? 'refused' : 'made';
    });
    await host.worker();
    const lines = await logOf(async (write) => {
      write('0');
      await until(() => refused === TRIES);
      write('1');
      await until(() => refused === TRIES + 1);
    });
    expect(lines.map(({ text }) => text)).toEqual(['0', expect.stringMatching(/^1 line is missing/)]);
  });

  it('has each line once, in order, or told, whatever becomes of the appends', async () => {
    let fates: Fate[] = [];
    host = await open(() => fates.shift() ?? 'made');
    await host.worker();
    const manyFates = fc.array(fc.constantFrom<Fate>('made', 'refused', 'refused', 'unanswered'), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(manyFates, fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 20 }), async (some, pauses) => {
        fates = [...some];
        const lines = await logOf(async (write) => {
          for (const [line, pauseMs] of pauses.entries()) {
            write(String(line));
            await new Promise((resolve) => setTimeout(resolve, pauseMs));
          }
          fates = [];
        });
        expect(untold(lines, pauses.length)).toEqual([]);
        if (lines.length > 1) expect(untold(lines.slice(1), pauses.length), 'and the check can tell').not.toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
