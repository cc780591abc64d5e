import { type DocumentPath, type Finding, isJsonObject, type JsonObject } from '@kb-labs/contracts';

import { shorten } from './build-tree.js';
import { mappingAt, type Outline, valueAt } from './outline.js';
import { report, suggest } from './report.js';

/** Names that lead elsewhere in the document, or to itself: phases, the workflows listened to, and what a group does. */
export function* checkLinks(outline: Outline): Generator<Finding> {
  yield* checkListening(outline.data);
  yield* checkGroup(outline.data, []);
  const phases = valueAt(outline.data, 'phases') ?? {};
  const names = isJsonObject(phases) ? Object.keys(phases) : undefined;
  const known = new Set(names);
  for (const job of outline.jobs?.values() ?? []) {
    yield* checkGroup(job.data, job.path);
    if (names === undefined) continue;
    for (const step of job.steps) {
      const phase = valueAt(step.data, 'phase');
      if (typeof phase !== 'string' || known.has(phase)) continue;
      yield report('PHASE_UNKNOWN', [...step.path, 'phase'], { details: { phase: shorten(phase) }, hint: suggest(phase, names) });
    }
  }
}

function* checkListening(data: JsonObject): Generator<Finding> {
  const ids = valueAt(mappingAt(mappingAt(data, 'on'), 'workflow'), 'ids');
  const own = valueAt(data, 'id');
  for (const [index, id] of Array.isArray(ids) ? ids.entries() : []) {
    if (typeof id !== 'string' || id !== own) continue;
    const problem = 'a workflow that its own end starts never ends';
    yield report('INVALID_VALUE', ['on', 'workflow', 'ids', index], { details: { problem }, hint: 'name other workflows' });
  }
}

function* checkGroup(data: JsonObject, path: DocumentPath): Generator<Finding> {
  const concurrency = mappingAt(data, 'concurrency');
  if (valueAt(concurrency, 'cancel-in-progress') !== true || !Object.hasOwn(concurrency, 'queue')) return;
  const problem = 'nothing queues in a group that cancels what is in progress';
  yield report('INVALID_VALUE', [...path, 'concurrency', 'queue'], { details: { problem }, hint: 'remove "queue" or "cancel-in-progress"', atKey: true });
}
