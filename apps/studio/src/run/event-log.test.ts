import type { RunEventView } from '@kb-labs/contracts/http';
import { expect, it } from 'vitest';

import { EventLog } from './event-log.js';

const event = (seq: number, type: RunEventView['type'] = 'job.started'): RunEventView => ({ seq, type, at: '2026-01-01T00:00:00Z' });

it('keeps each event once, and tells of many at once', () => {
  const frames: (() => void)[] = [];
  const log = new EventLog((tell) => frames.push(tell));
  let told = 0;
  log.subscribe(() => (told += 1));
  for (const seq of [1, 2, 2, 1, 3]) log.append(event(seq));
  expect([log.events.map(({ seq }) => seq), frames.length]).toEqual([[1, 2, 3], 1]);
  frames[0]?.();
  expect([told, log.version]).toEqual([1, 1]);
});

it('knows that a run was told to end', () => {
  const log = new EventLog(() => undefined);
  log.append(event(1));
  expect(log.cancelRequested).toBe(false);
  log.append(event(2, 'run.cancel_requested'));
  log.append(event(3));
  expect(log.cancelRequested).toBe(true);
});
