import type { LogLineView } from '@kb-labs/contracts/http';
import { expect, it } from 'vitest';

import { LogStore } from './log-store.js';
import { LogView } from './log-view.js';

const line = (job: string, step: string, n: number, text = `${job}/${step} ${String(n)}`): LogLineView => ({ job, step, n, attempt: 1, at: '2026-01-01T00:00:00Z', stream: 'stdout', level: 'info', text });

function manual(most?: number): { store: LogStore; frame: () => void } {
  const waiting: (() => void)[] = [];
  const store = new LogStore({ frame: (tell) => waiting.push(tell), ...(most === undefined ? {} : { most }) });
  return { store, frame: () => { for (const tell of waiting.splice(0)) tell(); } };
}

const texts = (view: LogView): (string | undefined)[] => Array.from({ length: view.length }, (_, row) => view.lineAt(row)?.text);

it('tells of many lines once', () => {
  const { store, frame } = manual();
  let told = 0;
  store.subscribe(() => (told += 1));
  store.append([line('a', 's', 1)]);
  store.append([line('a', 's', 2)]);
  expect([told, store.version]).toEqual([0, 0]);
  frame();
  expect([told, store.version, store.lines.length]).toEqual([1, 1, 2]);
});

it('leaves out what it has, by the numbers of each step', () => {
  const { store } = manual();
  store.append([line('a', 's', 1), line('b', 's', 1), line('a', 's', 2)]);
  store.append([line('b', 's', 1), line('a', 's', 2), line('a', 's', 5)]);
  expect(store.lines.map(({ text }) => text)).toEqual(['a/s 1', 'b/s 1', 'a/s 2', 'a/s 5']);
});

it('does not take the job "a b" for the step "b" of "a"', () => {
  const { store } = manual();
  store.append([line('a', 'b c', 1), line('a b', 'c', 1)]);
  expect(store.lines).toHaveLength(2);
});

it('shows a job, or a step, also of lines that come later', () => {
  const { store } = manual();
  const all = new LogView(store, {});
  const job = new LogView(store, { jobs: ['a'] });
  const step = new LogView(store, { jobs: ['a'], step: 't' });
  store.append([line('a', 's', 1), line('b', 's', 1), line('a', 't', 1)]);
  expect([all, job, step].map((view) => view.length)).toEqual([3, 2, 1]);
  store.append([line('b', 's', 2), line('a', 't', 2), line('a', 't', 4)]);
  expect(texts(job)).toEqual(['a/s 1', 'a/t 1', 'a/t 2', 'a/t 4']);
  expect(texts(step)).toEqual(['a/t 1', 'a/t 2', 'a/t 4']);
  expect([step.rowOf(4), step.rowOf(3), step.rowOfNumber(4), step.rowOfNumber(3), all.rowOf(5), all.rowOf(6)]).toEqual([1, -1, 2, -1, 5, -1]);
  expect(step.indexAt(2)).toBe(5);
});

it('stops when it is full, and says so', () => {
  const { store } = manual(10);
  store.append([line('a', 's', 1, 'x'.repeat(10)), line('a', 's', 2, 'y'), line('a', 's', 3, 'z')]);
  expect([store.full, store.lines.length]).toEqual([true, 2]);
});
