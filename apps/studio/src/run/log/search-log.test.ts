import type { LogLineView } from '@kb-labs/contracts/http';
import { expect, it } from 'vitest';

import { LogStore } from './log-store.js';
import { plainText } from './plain-text.js';
import { finderOf, LogSearch } from './search-log.js';

const line = (step: string, n: number, text: string): LogLineView => ({ job: 'a', step, n, attempt: 1, at: '2026-01-01T00:00:00Z', stream: 'stdout', level: 'info', text });

it('finds text in capitals or not, in what can be seen of a line', () => {
  const store = new LogStore({ frame: () => undefined });
  store.append([line('s', 1, 'An \u001b[31mErr\u001b[0mor'), line('s', 2, 'fine'), line('t', 1, 'ERROR 31m')]);
  const search = new LogSearch(store, { text: 'error', regex: false });
  search.advance(() => true);
  expect([search.hits, search.hitsOf]).toEqual([[0, 2], [1, 1]]);
  const colour = new LogSearch(store, { text: '31m', regex: false });
  colour.advance(() => true);
  expect(colour.hits).toEqual([2]);
});

it('stops when it is told to, and goes on there, also over lines that came meanwhile', () => {
  const store = new LogStore({ frame: () => undefined });
  store.append(Array.from({ length: 1_200 }, (_, index) => line('s', index + 1, `x ${String(index)}`)));
  const search = new LogSearch(store, { text: 'x', regex: false });
  search.advance(() => false);
  expect([search.hits.length, search.done]).toEqual([500, false]);
  search.advance(() => true);
  expect([search.hits.length, search.done]).toEqual([1_200, true]);
  store.append([line('s', 1_201, 'x')]);
  expect(search.done).toBe(false);
  search.advance(() => true);
  expect(search.hits.length).toBe(1_201);
});

it('takes what is typed for text, unless it is meant as an expression', () => {
  expect(finderOf({ text: 'a.c', regex: false })?.('abc a.c')).toEqual([[4, 7]]);
  expect(finderOf({ text: 'a.c', regex: true })?.('abc a.c')).toEqual([[0, 3], [4, 7]]);
  expect(finderOf({ text: 'A', regex: false })?.('aab')).toEqual([[0, 1], [1, 2]]);
});

it('finds nothing by an expression that is none, and no empty places', () => {
  expect(finderOf({ text: '(', regex: true })).toBeNull();
  expect(finderOf({ text: '', regex: false })).toBeNull();
  expect(finderOf({ text: 'x*', regex: true })?.('axxb')).toEqual([[1, 3]]);
  const store = new LogStore({ frame: () => undefined });
  store.append([line('s', 1, '(')]);
  const search = new LogSearch(store, { text: '(', regex: true });
  search.advance(() => true);
  expect(search.hits).toEqual([]);
});

it('shows of a line what a terminal would', () => {
  expect(plainText('\u001b]0;title\u0007done \u001b[1;32mok\u001b[0m\u001b[K')).toBe('done ok');
  expect(plainText('10%\r50%\r100%\r')).toBe('100%');
  expect(plainText('plain')).toBe('plain');
});
