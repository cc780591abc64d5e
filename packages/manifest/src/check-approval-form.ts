import { CONTROL_SHAPES, type DocumentPath, type Finding, isJsonObject, type JsonValue } from '@kb-labs/contracts';
import { hasExpression } from '@kb-labs/expressions';

import { shorten } from './build-tree.js';
import { mappingAt, valueAt } from './outline.js';
import { describeValue, report, suggest } from './report.js';

/** What every approval has beside the answers of its form. */
const TAKEN = Object.keys(mappingAt(CONTROL_SHAPES.approval.output, 'properties'));
const TYPES = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'];

/** Nobody answers more at once. */
export const MAX_QUESTIONS = 100;

/** The `form` of an approval: a JSON Schema of a mapping whose names are free. Asked for a person's answers, it must be one that can be shown. */
export function* checkApprovalForm(form: JsonValue | undefined, path: DocumentPath): Generator<Finding> {
  if (!isJsonObject(form)) return;
  if (valueAt(form, 'type') !== 'object') {
    const at = Object.hasOwn(form, 'type') ? [...path, 'type'] : path;
    yield report('INVALID_VALUE', at, { details: { problem: 'a form is a schema of "type: object"' }, hint: 'write "type: object", and the questions under "properties"' });
  }
  const properties = valueAt(form, 'properties');
  if (properties !== undefined && !isJsonObject(properties)) {
    yield wrongType(properties, 'a mapping', [...path, 'properties']);
    return;
  }
  const count = Object.keys(properties ?? {}).length;
  if (count > MAX_QUESTIONS) {
    const problem = `the form has ${count} questions, more than ${MAX_QUESTIONS}`;
    yield report('INVALID_VALUE', [...path, 'properties'], { details: { problem }, hint: 'split it over several approvals', atKey: true });
  }
  for (const [name, question] of Object.entries(properties ?? {})) {
    yield* checkQuestion(name, question, [...path, 'properties', name]);
  }
  yield* checkRequired(valueAt(form, 'required'), Object.keys(properties ?? {}), [...path, 'required']);
}

function* checkQuestion(name: string, question: JsonValue, path: DocumentPath): Generator<Finding> {
  if (TAKEN.includes(name)) {
    const problem = `"${name}" is an output of every approval`;
    yield report('INVALID_VALUE', path, { details: { problem }, hint: 'call the question something else', atKey: true });
  }
  if (!isJsonObject(question)) {
    yield wrongType(question, 'a mapping', path);
    return;
  }
  const type = valueAt(question, 'type');
  if (type === undefined || Array.isArray(type)) return;
  if (typeof type !== 'string') yield wrongType(type, 'text', [...path, 'type']);
  else if (!TYPES.includes(type) && !hasExpression(type)) {
    const problem = `there is no type ${JSON.stringify(shorten(type))}`;
    yield report('INVALID_VALUE', [...path, 'type'], { details: { problem }, hint: suggest(type, TYPES) });
  }
}

function* checkRequired(required: JsonValue | undefined, names: readonly string[], path: DocumentPath): Generator<Finding> {
  if (required === undefined || typeof required === 'string') {
    if (required !== undefined && !hasExpression(required)) yield wrongType(required, 'a list', path);
    return;
  }
  if (!Array.isArray(required)) {
    yield wrongType(required, 'a list', path);
    return;
  }
  const known = new Set(names);
  for (const [index, name] of required.entries()) {
    if (typeof name !== 'string') yield wrongType(name, 'text', [...path, index]);
    else if (!known.has(name) && !hasExpression(name)) {
      const problem = `the form does not ask for ${JSON.stringify(shorten(name))}`;
      yield report('INVALID_VALUE', [...path, index], { details: { problem }, hint: suggest(name, names) });
    }
  }
}

function wrongType(found: JsonValue, expected: string, path: DocumentPath): Finding {
  return report('WRONG_TYPE', path, { details: { expected, found: describeValue(found) } });
}
