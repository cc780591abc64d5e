import { CONTROL_SHAPES, isJsonObject, type JsonObject } from '@kb-labs/contracts';

import type { CommandShape, ShapeLookup } from './command-shape.js';
import { MAX_QUESTIONS } from './check-approval-form.js';
import { mappingAt, type StepOutline, valueAt } from './outline.js';

/** What a step gives that starts a run and goes on. */
const STARTED: JsonObject = { type: 'object', properties: { runId: { type: 'string' } }, additionalProperties: false };

/** What a step takes and gives; `undefined` when it is a script, or not known. */
export function shapeOfStep(step: StepOutline, lookup: ShapeLookup): CommandShape | undefined {
  const { target } = step;
  if (target === undefined) return undefined;
  if (target.kind === 'workflow' && valueAt(step.data, 'wait') === false) return { input: lookup(target)?.input ?? {}, output: STARTED };
  if (target.kind !== 'builtin') return lookup(target);
  if (target.name === 'run') return undefined;
  const shape = CONTROL_SHAPES[target.name];
  return target.name === 'approval' ? { input: shape.input, output: approvalOutput(step, shape.output) } : shape;
}

/** The answers of the form beside what every approval has. Those of a form that is evaluated are not known. */
function approvalOutput(step: StepOutline, always: JsonObject): JsonObject {
  const given = mappingAt(step.data, 'with');
  const form = valueAt(given, 'form') ?? {};
  const questions = isJsonObject(form) ? (valueAt(form, 'properties') ?? {}) : undefined;
  if (!isJsonObject(questions) || Object.keys(questions).length > MAX_QUESTIONS) return always;
  return { ...always, properties: { ...questions, ...mappingAt(always, 'properties') }, additionalProperties: false };
}
