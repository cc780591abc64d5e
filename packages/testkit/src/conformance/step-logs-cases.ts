import assert from 'node:assert/strict';

import type { LogLine, RunId } from '@kb-labs/contracts';
import type { LogQuery } from '@kb-labs/ports';
import fc from 'fast-check';

import { someLines } from '../some-commands.js';
import { eventually, rejectsWith } from './expectations.js';
import { freshRunId, holdJob, joinWorker, takeOne } from './store-steps.js';
import type { ConformanceCase, StorePorts, StoreUnderTest } from './suite.js';

const ALL: LogQuery = { limit: 10_000 };

export const STEP_LOGS_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'reads lines back in the order they were stored, as they were written',
    async run(store) {
      const { runId, fence } = await holdJob(store);
      const odd = someLines({ from: 2, to: 2 }, { stream: 'stderr', level: 'error', attempt: 2, text: 'a\u0000b\r\t\u{1f600} \'"\u2028' });
      const lines = [...someLines({ from: 1, to: 1 }), ...odd, ...someLines({ from: 3, to: 3 }, { stream: 'engine', text: '' })];
      assert.equal(await store.logs.append(runId, fence, lines.slice(0, 1)), true);
      assert.equal(await store.logs.append(runId, fence, lines.slice(1)), true);
      assert.deepEqual((await store.logs.read(runId, ALL)).lines, lines);
      assert.deepEqual((await (await store.second()).logs.read(runId, ALL)).lines, lines);
    },
  },
  {
    name: 'numbers each step on its own and knows the last number of each',
    async run(store) {
      const { runId, fence } = await holdJob(store);
      const lines = [...someLines({ from: 1, to: 3 }), ...someLines({ from: 1, to: 2, step: 'other' }), ...someLines({ from: 4, to: 4 })];
      await store.logs.append(runId, fence, lines);
      assert.equal(await store.logs.lastLine(runId, 'main', 'step-1'), 4);
      assert.equal(await store.logs.lastLine(runId, 'main', 'other'), 2);
      assert.equal(await store.logs.lastLine(runId, 'another', 'step-1'), 0);
      assert.equal(await store.logs.lastLine(freshRunId(), 'main', 'step-1'), 0);
    },
  },
  {
    name: 'refuses a gap or a repetition, and stores nothing of that call',
    async run(store) {
      const { runId, fence } = await holdJob(store);
      await rejectsWith('STATE_CORRUPT', () => store.logs.append(runId, fence, someLines({ from: 2, to: 2 })));
      await store.logs.append(runId, fence, someLines({ from: 1, to: 2 }));
      await rejectsWith('STATE_CORRUPT', () => store.logs.append(runId, fence, someLines({ from: 2, to: 3 })));
      await rejectsWith('STATE_CORRUPT', () =>
        store.logs.append(runId, fence, [...someLines({ from: 3, to: 3 }), ...someLines({ from: 5, to: 5 })]),
      );
      assert.deepEqual((await store.logs.read(runId, ALL)).lines, someLines({ from: 1, to: 2 }));
      assert.equal(await store.logs.append(runId, fence, someLines({ from: 3, to: 3 })), true);
    },
  },
  {
    name: 'stores nothing for a lease that is not valid any more',
    async run(store) {
      const { runId, fence, lease } = await holdJob(store);
      await store.logs.append(runId, fence, someLines({ from: 1, to: 1 }));
      await store.queue.release([lease]);
      assert.equal(await store.logs.append(runId, fence, someLines({ from: 2, to: 2 })), false);
      await takeOne(store, await joinWorker(store, runId));
      assert.equal(await store.logs.append(runId, fence, someLines({ from: 2, to: 2 })), false);
      assert.equal(await store.logs.lastLine(runId, 'main', 'step-1'), 1);
    },
  },
  {
    name: 'has no lines for a run that does not exist',
    async run(store) {
      assert.deepEqual(await store.logs.read(freshRunId(), ALL), { lines: [], cursor: 0, more: false });
    },
  },
  {
    name: 'goes on after a cursor, also one from an empty page',
    async run(store) {
      const { runId, fence } = await holdJob(store);
      const start = await store.logs.read(runId, ALL);
      await store.logs.append(runId, fence, someLines({ from: 1, to: 2 }));
      const first = await store.logs.read(runId, { after: start.cursor, limit: 10 });
      assert.deepEqual(first.lines, someLines({ from: 1, to: 2 }));
      const nothing = await store.logs.read(runId, { after: first.cursor, limit: 10 });
      assert.deepEqual(nothing, { lines: [], cursor: first.cursor, more: false });
      await store.logs.append(runId, fence, someLines({ from: 3, to: 3 }));
      assert.deepEqual((await store.logs.read(runId, { after: nothing.cursor, limit: 10 })).lines, someLines({ from: 3, to: 3 }));
    },
  },
  {
    name: 'narrows to a job, a step and an instant',
    async run(store) {
      const { runId, fence } = await holdJob(store);
      const [a, b, c] = [
        someLines({ from: 1, to: 3, job: 'main', step: 'x' }),
        someLines({ from: 1, to: 3, job: 'main', step: 'y' }),
        someLines({ from: 1, to: 3, job: 'side', step: 'x' }),
      ];
      await store.logs.append(runId, fence, [...a, ...b, ...c]);
      const read = async (query: Omit<LogQuery, 'limit'>): Promise<readonly LogLine[]> => (await store.logs.read(runId, { ...query, limit: 99 })).lines;
      assert.deepEqual(await read({ job: 'main' }), [...a, ...b]);
      assert.deepEqual(await read({ step: 'x' }), [...a, ...c]);
      assert.deepEqual(await read({ job: 'side', step: 'x' }), c);
      assert.deepEqual(await read({ job: 'side', step: 'y' }), []);
      assert.deepEqual(await read({ job: 'main', step: 'y', since: 2 }), b.slice(1));
    },
  },
  {
    name: 'keeps every line of every order of batches, and pages through them without a gap or a repetition',
    async run(store) {
      const batch = fc.array(fc.record({ step: fc.constantFrom('x', 'y'), count: fc.integer({ min: 1, max: 4 }) }), { maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(fc.array(batch, { maxLength: 6 }), fc.integer({ min: 1, max: 5 }), async (batches, limit) => {
          const { runId, fence } = await holdJob(store);
          const last = { x: 0, y: 0 };
          const expected: LogLine[] = [];
          for (const parts of batches) {
            const lines = parts.flatMap(({ step, count }) => {
              const name = step === 'x' ? 'x' : 'y';
              last[name] += count;
              return someLines({ from: last[name] - count + 1, to: last[name], step });
            });
            assert.equal(await store.logs.append(runId, fence, lines), true);
            expected.push(...lines);
          }
          assert.deepEqual(await readByPages(store, runId, { limit }), expected);
          assert.deepEqual(await readByPages(store, runId, { limit, step: 'y' }), expected.filter((line) => line.step === 'y'));
        }),
        { numRuns: 25 },
      );
    },
  },
  {
    name: 'takes a batch of thousands of lines',
    async run(store) {
      const { runId, fence } = await holdJob(store);
      const lines = someLines({ from: 1, to: 5_000 });
      assert.equal(await store.logs.append(runId, fence, lines), true);
      const page = await store.logs.read(runId, { limit: 4_999 });
      assert.equal(page.more, true);
      const rest = await store.logs.read(runId, { after: page.cursor, limit: 4_999 });
      // Not the lists themselves: to show how two long lists differ takes minutes.
      assert.deepEqual([page.lines.length, rest.lines.length], [4_999, 1]);
      assert.ok([...page.lines, ...rest.lines].every((line, index) => line.n === index + 1 && line.text === lines[index]?.text));
    },
  },
  {
    name: 'tells watchers of a run what either process stores, until they stop',
    async run(store) {
      const { runId, fence } = await holdJob(store);
      const other = await store.second();
      let calls = 0;
      const end = store.logs.watch(runId, () => (calls += 1));
      for (const [index, writer] of [store, other].entries()) {
        await store.clock.advance(1_000);
        const before = calls;
        await writer.logs.append(runId, fence, someLines({ from: index + 1, to: index + 1 }));
        await eventually(store, () => calls > before, 'the watcher is told');
      }
      end();
      const after = calls;
      await store.logs.append(runId, fence, someLines({ from: 3, to: 3 }));
      await store.clock.advance(1_000);
      assert.equal(calls, after);
    },
  },
];

async function readByPages(store: StorePorts, runId: RunId, query: LogQuery): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for (let after = 0, more = true; more; ) {
    const page = await store.logs.read(runId, { ...query, after });
    assert.ok(page.lines.length <= query.limit);
    assert.ok(!page.more || page.cursor > after, 'a page that has more after it must move on');
    lines.push(...page.lines);
    ({ cursor: after, more } = page);
  }
  return lines;
}
