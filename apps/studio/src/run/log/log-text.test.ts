import type { LogLineView } from '@kb-labs/contracts/http';
import { expect, it } from 'vitest';

import { LogStore } from './log-store.js';
import { logText } from './log-text.js';
import { LogView } from './log-view.js';

const line = (step: string, n: number, text: string, at: string): LogLineView => ({ job: 'a', step, n, attempt: 1, at, stream: 'stdout', level: 'info', text });
const store = new LogStore({ frame: () => undefined });
store.append([line('s', 1, '\u001b[31mred\u001b[0m', '2026-01-01T00:00:00.000Z'), line('t', 1, 'b', '2026-01-01T00:00:01.000Z'), line('s', 2, 'c', '2026-01-01T00:00:01.500Z')]);

it('writes lines without colours, with the step where there are several', () => {
  expect(logText(store, new LogView(store, { jobs: ['a'], step: 's' }), { times: 'none', named: false })).toBe('red\nc\n');
  expect(logText(store, new LogView(store, {}), { times: 'none', named: true })).toBe('a/s | red\na/t | b\na/s | c\n');
});

it('writes the times that are shown', () => {
  expect(logText(store, new LogView(store, { jobs: ['a'], step: 's' }), { times: 'clock', named: false })).toBe('2026-01-01T00:00:00.000Z red\n2026-01-01T00:00:01.500Z c\n');
  expect(logText(store, new LogView(store, { jobs: ['a'], step: 's' }), { times: 'since', named: false })).toBe('+0.000 red\n+1.500 c\n');
});
