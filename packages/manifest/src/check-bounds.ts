import { type DocumentPath, type Finding, formatDuration, isJsonObject, type JsonObject, type JsonValue, LIMITS, parseDuration } from '@kb-labs/contracts';

import { mappingAt, type Outline, valueAt } from './outline.js';
import { report } from './report.js';

/** Durations beyond the limits. */
export function* checkBounds(outline: Outline): Generator<Finding> {
  // A run lasts as long as its waits do, which is longer than anything that works.
  yield* checkTimeout(valueAt(outline.data, 'timeout'), ['timeout'], LIMITS.waitMaxMs);
  yield* checkTimes(mappingAt(outline.data, 'defaults'), ['defaults']);
  for (const job of outline.jobs?.values() ?? []) {
    yield* checkTimes(job.data, job.path);
    for (const step of job.steps) yield* checkTimes(step.data, step.path);
  }
}

function* checkTimes(data: JsonObject, path: DocumentPath): Generator<Finding> {
  yield* checkTimeout(valueAt(data, 'timeout'), [...path, 'timeout'], LIMITS.timeoutMaxMs);
  const retry = valueAt(data, 'retry');
  if (!isJsonObject(retry)) return;
  for (const key of ['initial', 'cap']) yield* checkLimit(valueAt(retry, key), LIMITS.retryCapMs, [...path, 'retry', key]);
}

function* checkTimeout(written: JsonValue | undefined, path: DocumentPath, limitMs: number): Generator<Finding> {
  yield* checkLimit(written, limitMs, path);
  if (durationOf(written) === 0) yield report('INVALID_VALUE', path, { details: { problem: 'a timeout of 0 ends everything at once' }, hint: 'leave "timeout" out for the default' });
}

function* checkLimit(written: JsonValue | undefined, limitMs: number, path: DocumentPath): Generator<Finding> {
  const ms = durationOf(written);
  if (ms === undefined || ms <= limitMs) return;
  yield report('INVALID_VALUE', path, { details: { problem: `the duration is longer than ${formatDuration(limitMs)}` }, ...(typeof written === 'number' ? { hint: 'a number is in seconds' } : {}) });
}

function durationOf(written: JsonValue | undefined): number | undefined {
  return typeof written === 'string' || typeof written === 'number' ? parseDuration(written) : undefined;
}
