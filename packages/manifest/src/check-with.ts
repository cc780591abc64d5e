import { type DocumentPath, type Finding, isJsonObject, type JsonObject, type JsonValue } from '@kb-labs/contracts';
import { hasExpression } from '@kb-labs/expressions';

import { shorten } from './build-tree.js';
import { canBecome, isOfType, ONLY_THE_EXPRESSION, resolveRef, typesOf } from './check-schema.js';
import type { CommandShape } from './command-shape.js';
import { mappingAt, type Outline, type StepOutline, valueAt } from './outline.js';
import { describeValue, report, suggest, suggestNear } from './report.js';
import { closedProperties } from './schema-properties.js';
import { expectedWords } from './schema-words.js';

/**
 * `with:` against the input schema of the command or the inputs of the workflow, as far as it can be known before a run: names on the first level,
 * and the types of values without expressions. The full check happens with the real values.
 */
export function* checkWith(outline: Outline, shapeOf: (step: StepOutline) => CommandShape | undefined): Generator<Finding> {
  for (const job of outline.jobs?.values() ?? []) {
    for (const step of job.steps) {
      // What the engine's own steps take is known without a plugin, and was checked with the document.
      const shape = step.target?.kind === 'builtin' ? undefined : shapeOf(step);
      if (shape !== undefined) yield* checkStep(step, shape.input);
    }
  }
}

function* checkStep(step: StepOutline, schema: JsonObject): Generator<Finding> {
  const written = valueAt(step.data, 'with');
  if (written !== undefined && !isJsonObject(written)) return;
  const given = written ?? {};
  const properties = mappingAt(schema, 'properties');
  const taker = step.target?.kind === 'workflow' ? 'the workflow' : 'the command';
  const path = [...step.path, 'with'];
  for (const key of requiredKeys(schema)) {
    if (Object.hasOwn(given, key)) continue;
    const wanted = resolveRef(mappingAt(properties, key), schema);
    const problem = `"${key}" is missing`;
    const hint = typesOf(wanted).length === 0 ? undefined : `${key}: ${expectedWords(wanted)}`;
    const at = written === undefined ? [...step.path, 'uses'] : path;
    yield report('WITH_INVALID', at, { details: { problem }, hint, atKey: true });
  }
  const known = closedProperties(schema);
  for (const [key, value] of Object.entries(given)) {
    if (known !== undefined && !known.includes(key)) {
      yield report('WITH_INVALID', [...path, key], { details: { problem: `there is no input "${shorten(key)}"` }, hint: suggest(key, known), atKey: true });
      continue;
    }
    yield* checkValue(resolveRef(mappingAt(properties, key), schema), value, { path: [...path, key], key, taker });
  }
}

/** What has no default must be given. */
function requiredKeys(schema: JsonObject): readonly string[] {
  const required = valueAt(schema, 'required');
  if (!Array.isArray(required)) return [];
  return required.filter((key) => typeof key === 'string').filter((key) => !Object.hasOwn(mappingAt(mappingAt(schema, 'properties'), key), 'default'));
}

function* checkValue(schema: JsonObject, value: JsonValue, at: { readonly path: DocumentPath; readonly key: string; readonly taker: string }): Generator<Finding> {
  const types = typesOf(schema);
  const isText = typeof value === 'string';
  if (isText && hasExpression(value)) {
    if (canBecome(types, value)) return;
    const problem = `"${at.key}" is text, ${at.taker} expects ${expectedWords(schema)}`;
    yield report('WITH_INVALID', at.path, { details: { problem }, hint: ONLY_THE_EXPRESSION });
    return;
  }
  if (types.length > 0 && !types.some((type) => isOfType(type, value))) {
    const problem = `"${at.key}" is ${describeValue(value)}, ${at.taker} expects ${expectedWords(schema)}`;
    yield report('WITH_INVALID', at.path, { details: { problem }, hint: types.includes('string') && (typeof value === 'number' || typeof value === 'boolean') ? 'put it in quotes' : undefined });
    return;
  }
  const choices = valueAt(schema, 'enum');
  if (Array.isArray(choices) && !isJsonObject(value) && !Array.isArray(value) && !choices.includes(value)) {
    const problem = `"${at.key}" is ${describeValue(value)}, ${at.taker} expects ${expectedWords(schema)}`;
    yield report('WITH_INVALID', at.path, { details: { problem }, hint: isText ? suggestNear(value, choices.filter((choice) => typeof choice === 'string')) : undefined });
  }
}
