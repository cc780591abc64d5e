import type { LogLine } from '@kb-labs/contracts';
import type { LogQuery } from '@kb-labs/ports';
import { expect, it } from 'vitest';

import { type LogDeps, readLogs } from './read-logs.js';

const RUN = 'run_00000000000000000000000001';

/** A log that is paged as a store does it, and what was asked of it. */
function logOf(texts: readonly string[]): { deps: LogDeps; limits: number[] } {
  const limits: number[] = [];
  const all = texts.map((text, index): LogLine => ({ job: 'j', step: index % 2 === 0 ? 'a' : 'b', attempt: 1, n: index + 1, at: index, stream: 'log', level: 'info', text }));
  const read = (_runId: string, { after = 0, limit, step }: LogQuery) => {
    limits.push(limit);
    const found = all.map((line, index) => ({ line, cursor: index + 1 })).filter(({ line, cursor }) => cursor > after && (step === undefined || line.step === step));
    const more = found.length > limit;
    const page = found.slice(0, limit);
    return Promise.resolve({ lines: page.map(({ line }) => line), cursor: more ? (page.at(-1)?.cursor ?? after) : all.length, more });
  };
  return { deps: { logs: { read }, catalog: { getRun: () => Promise.resolve({}) } } as unknown as LogDeps, limits };
}

async function pages(deps: LogDeps, query: { limit: number; step?: string }): Promise<LogLine[][]> {
  const found: LogLine[][] = [];
  for (let after = 0, more = true; more; ) {
    const page = await readLogs(deps, { ...query, runId: RUN, after });
    found.push([...page.lines]);
    ({ cursor: after, more } = page);
  }
  return found;
}

it('reads a large page a few lines at a time, and comes to the same', async () => {
  const { deps, limits } = logOf(Array.from({ length: 12_345 }, (_, n) => `line ${n}`));
  const found = await pages(deps, { limit: 5_000 });
  expect(found.map((page) => page.length)).toEqual([5_000, 5_000, 2_345]);
  expect(found.flat().map(({ n }) => n)).toEqual(Array.from({ length: 12_345 }, (_, n) => n + 1));
  expect(Math.max(...limits)).toBe(500);
  expect((await pages(deps, { limit: 700, step: 'b' })).flat()).toHaveLength(6_172);
  expect(await pages(logOf(['a', 'b', 'c']).deps, { limit: 1 })).toHaveLength(3);
});

it('ends a page early where lines are long, and loses none', async () => {
  const { deps } = logOf(Array.from({ length: 2_000 }, () => 'x'.repeat(60_000)));
  const found = await pages(deps, { limit: 5_000 });
  expect(found.map((page) => page.length)).toEqual([500, 500, 500, 500]);
});

it('stands behind the last line when there are no more', async () => {
  expect(await readLogs(logOf(['a', 'b', 'c']).deps, { runId: RUN, step: 'a' })).toMatchObject({ lines: [{ text: 'a' }, { text: 'c' }], cursor: 3, more: false });
  expect(await readLogs(logOf([]).deps, { runId: RUN, after: 7 })).toMatchObject({ lines: [], more: false });
});
