import { type DocumentPath, type Finding, isJsonObject, type JsonObject, type JsonValue, WHOLE_EXPRESSION } from '@kb-labs/contracts';
import { hasExpression, isWholeExpression, parseTemplate } from '@kb-labs/expressions';

import { shorten } from './build-tree.js';
import { describeValue, report, suggest, suggestNear } from './report.js';
import { expectedWords, patternWords, typeWords } from './schema-words.js';

interface Context {
  /** The whole schema, where `$ref` looks. */
  readonly root: JsonObject;
  readonly path: DocumentPath;
  /** Texts are evaluated before they are used: of those with expressions only the type is known, if at all. */
  readonly evaluated?: boolean;
}

/**
 * Says in words for people how a value differs from a JSON Schema, all differences one by one. Knows the keywords that
 * zod writes (`$ref`, `type`, `enum`, `const`, `pattern`, bounds, `properties`, `propertyNames`, `items`, `anyOf`, `oneOf`).
 */
export function* checkSchema(schema: JsonObject, value: JsonValue, context: Context): Generator<Finding> {
  const resolved = resolveRef(schema, context.root);
  if (context.evaluated === true && typeof value === 'string' && hasExpression(value)) {
    if (!canBecome(typesOf(resolved), value)) yield report('WRONG_TYPE', context.path, { details: { expected: expectedWords(resolved), found: 'text' }, hint: ONLY_THE_EXPRESSION });
    return;
  }
  const branches = listOf(resolved['anyOf'] ?? resolved['oneOf']);
  if (branches.length > 0) {
    yield* checkUnion(resolved, branches, { value, context });
    return;
  }
  if (!fitsType(resolved, value)) {
    yield wrongType(resolved, value, context.path);
    return;
  }
  yield* checkChoice(resolved, value, context.path);
  if (typeof value === 'string') yield* checkText(resolved, value, context.path);
  else if (typeof value === 'number') yield* checkNumber(resolved, value, context.path);
  else if (Array.isArray(value)) yield* checkList(resolved, value, context);
  else if (isJsonObject(value)) yield* checkObject(resolved, value, context);
}

export const ONLY_THE_EXPRESSION = 'text around an expression makes it text: leave only ${{ … }}';

/** Whether a text with expressions can give one of these types: one whole expression keeps the type of its value; with text around it, it is text. */
export function canBecome(types: readonly string[], value: string): boolean {
  if (types.length === 0 || types.includes('string')) return true;
  const parsed = parseTemplate(value);
  return !parsed.ok || isWholeExpression(parsed.template);
}

interface Subject {
  readonly value: JsonValue;
  readonly context: Context;
}

/** Picks the branch that was meant: by its discriminator, or by the type of the value. */
function* checkUnion(union: JsonObject, branches: readonly JsonObject[], { value, context }: Subject): Generator<Finding> {
  const discriminator = discriminatorOf(branches);
  if (discriminator !== undefined && isJsonObject(value)) {
    yield* checkVariant(branches, discriminator, { value, context });
    return;
  }
  const fitting = branches.filter((branch) => fitsType(resolveRef(branch, context.root), value));
  const [only] = fitting;
  if (only === undefined) {
    yield wrongType(union, value, context.path);
    return;
  }
  const attempts = fitting.map((branch) => [...checkSchema(branch, value, context)]);
  if (attempts.some((findings) => findings.length === 0)) return;
  const words = Array.isArray(value) || isJsonObject(value) ? undefined : patternWords(union);
  if (words === undefined || !attempts[0]?.every((finding) => finding.path.length === context.path.length)) yield* attempts[0] ?? [];
  else yield report('INVALID_VALUE', context.path, { details: { problem: `expected ${words}, found ${describeValue(value)}` }, hint: listHint(branches, value) });
}

/** Where a list is expected, the only text is an expression that gives one. */
function listHint(branches: readonly JsonObject[], value: JsonValue): string | undefined {
  const wantsList = branches.some((branch) => branch['pattern'] === WHOLE_EXPRESSION.source) && branches.some((branch) => branch['type'] === 'array');
  const isShort = typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && value.length <= 40);
  return wantsList && isShort ? `write a list: [${typeof value === 'string' ? JSON.stringify(value) : String(value)}]` : undefined;
}

function* checkVariant(branches: readonly JsonObject[], key: string, subject: { value: JsonObject; context: Context }): Generator<Finding> {
  const { value, context } = subject;
  const written = ownValue(value, key);
  const names = branches.map((branch) => String(propertyOf(branch, key)?.['const']));
  const chosen = branches.find((branch) => propertyOf(branch, key)?.['const'] === written);
  if (chosen !== undefined) {
    yield* checkSchema(chosen, value, context);
    return;
  }
  const hint = `known: ${names.join(', ')}`;
  if (written === undefined) {
    yield report('MISSING_KEY', context.path, { details: { key }, hint, atKey: true });
  } else if (typeof written === 'string') {
    const problem = `there is no ${key} ${JSON.stringify(shorten(written))}`;
    yield report('INVALID_VALUE', [...context.path, key], { details: { problem }, hint: suggest(written, names) ?? hint });
  } else {
    yield report('WRONG_TYPE', [...context.path, key], { details: { expected: 'text', found: describeValue(written) }, hint });
  }
  const known = [...new Set(branches.flatMap((branch) => Object.keys(objectOf(branch['properties']))))];
  yield* unknownKeys(value, known, context.path);
}

function wrongType(schema: JsonObject, value: JsonValue, path: DocumentPath): Finding {
  // Of one type the type is the news; the form it has to have comes next.
  const expected = Array.isArray(schema['anyOf']) || Array.isArray(schema['oneOf']) ? expectedWords(schema) : typeWords(schema);
  const details = { expected, found: describeValue(value) };
  if (value === null) return report('WRONG_TYPE', path, { details, hint: 'give it a value, or remove the key' });
  const list = listHint(listOf(schema['anyOf']), value);
  if (list !== undefined) return report('WRONG_TYPE', path, { details, hint: list });
  const wantsText = typesOf(schema).includes('string') && !listOf(schema['oneOf']).some((branch) => Object.hasOwn(branch, 'enum'));
  return report('WRONG_TYPE', path, { details, hint: wantsText && (typeof value === 'number' || typeof value === 'boolean') ? 'put it in quotes' : undefined });
}

function* checkChoice(schema: JsonObject, value: JsonValue, path: DocumentPath): Generator<Finding> {
  const choices = Array.isArray(schema['enum']) ? schema['enum'] : Object.hasOwn(schema, 'const') ? [schema['const'] ?? null] : undefined;
  if (choices === undefined || choices.some((choice) => choice === value)) return;
  const problem = `expected ${expectedWords(schema)}, found ${describeValue(value)}`;
  const names = choices.filter((choice) => typeof choice === 'string');
  yield report('INVALID_VALUE', path, { details: { problem }, hint: typeof value === 'string' ? suggestNear(value, names) : undefined });
}

function* checkText(schema: JsonObject, value: string, path: DocumentPath): Generator<Finding> {
  const { pattern } = schema;
  const minimum = numberOf(schema['minLength']);
  const maximum = numberOf(schema['maxLength']);
  if (minimum !== undefined && value.length < minimum) {
    yield report('INVALID_VALUE', path, { details: { problem: minimum === 1 ? 'the text is empty' : `the text is shorter than ${minimum} characters` } });
  } else if (maximum !== undefined && value.length > maximum) {
    yield report('INVALID_VALUE', path, { details: { problem: `the text is longer than ${maximum} characters` } });
  } else if (typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value)) {
    yield report('INVALID_VALUE', path, { details: { problem: `expected ${expectedWords(schema)}, found ${describeValue(value)}` } });
  }
}

function* checkNumber(schema: JsonObject, value: number, path: DocumentPath): Generator<Finding> {
  const minimum = numberOf(schema['minimum']);
  const maximum = numberOf(schema['maximum']);
  if (minimum !== undefined && value < minimum) yield report('INVALID_VALUE', path, { details: { problem: `${value} is below ${minimum}` } });
  if (maximum !== undefined && value > maximum) yield report('INVALID_VALUE', path, { details: { problem: `${value} is above ${maximum}` } });
}

function* checkList(schema: JsonObject, value: readonly JsonValue[], context: Context): Generator<Finding> {
  const minimum = numberOf(schema['minItems']);
  const maximum = numberOf(schema['maxItems']);
  if (minimum !== undefined && value.length < minimum) {
    yield report('INVALID_VALUE', context.path, { details: { problem: minimum === 1 ? 'the list is empty' : `the list has fewer than ${minimum} items` } });
  }
  if (maximum !== undefined && value.length > maximum) {
    yield report('INVALID_VALUE', context.path, { details: { problem: `the list has ${value.length} items, more than ${maximum}` } });
  }
  const { items } = schema;
  if (!isJsonObject(items)) return;
  for (const [index, item] of value.entries()) yield* checkSchema(items, item, { ...context, path: [...context.path, index] });
}

function* checkObject(schema: JsonObject, value: JsonObject, context: Context): Generator<Finding> {
  const properties = objectOf(schema['properties']);
  for (const key of listOf<string>(schema['required'])) {
    if (!Object.hasOwn(value, key)) yield report('MISSING_KEY', context.path, { details: { key }, atKey: true });
  }
  if (schema['additionalProperties'] === false) yield* unknownKeys(value, Object.keys(properties), context.path);
  const names = objectOf(schema['propertyNames']);
  const others = objectOf(schema['additionalProperties']);
  for (const [key, item] of Object.entries(value)) {
    const path = [...context.path, key];
    const declared = propertyOf(schema, key);
    if (declared !== undefined) {
      yield* checkSchema(declared, item, { ...context, path });
      continue;
    }
    yield* badName(names, key, path);
    if (Object.keys(others).length > 0) yield* checkSchema(others, item, { ...context, path });
  }
}

function* badName(names: JsonObject, key: string, path: DocumentPath): Generator<Finding> {
  const { pattern } = names;
  if (typeof pattern !== 'string' || new RegExp(pattern, 'u').test(key)) return;
  const problem = `the name ${JSON.stringify(shorten(key))} is not ${patternWords(names) ?? 'of the form expected here'}`;
  yield report('INVALID_VALUE', path, { details: { problem }, atKey: true });
}

function* unknownKeys(value: JsonObject, known: readonly string[], path: DocumentPath): Generator<Finding> {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    yield report('UNKNOWN_KEY', [...path, key], { details: { key: shorten(key) }, hint: suggest(key, known), atKey: true });
  }
}

/** The property that tells the branches apart: each fixes it to another constant. */
function discriminatorOf(branches: readonly JsonObject[]): string | undefined {
  const [first] = branches;
  if (first === undefined) return undefined;
  return Object.keys(objectOf(first['properties'])).find((key) => branches.every((branch) => Object.hasOwn(propertyOf(branch, key) ?? {}, 'const')));
}

function fitsType(schema: JsonObject, value: JsonValue): boolean {
  const types = typesOf(schema);
  return types.length === 0 || types.some((type) => isOfType(type, value));
}

/** Whether a value is of a JSON Schema type. */
export function isOfType(type: string, value: JsonValue): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isJsonObject(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

/** The types a schema names; empty when it leaves them open. */
export function typesOf(schema: JsonObject): readonly string[] {
  const branches = listOf(schema['anyOf'] ?? schema['oneOf']);
  if (branches.length > 0) return branches.flatMap(typesOf);
  const { type } = schema;
  if (typeof type === 'string') return [type];
  if (type === undefined) return [...new Set(listOf<JsonValue>(schema['enum']).map(typeOf))];
  return listOf<string>(type);
}

function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Follows a `$ref` to `#/$defs/…` of the same schema. */
export function resolveRef(schema: JsonObject, root: JsonObject): JsonObject {
  const ref = schema['$ref'];
  if (typeof ref !== 'string') return schema;
  const name = /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(ref)?.[1];
  const target = name === undefined ? undefined : ownValue(objectOf(root['$defs'] ?? root['definitions']), name);
  return target !== undefined && isJsonObject(target) ? target : {};
}

function propertyOf(schema: JsonObject, key: string): JsonObject | undefined {
  const property = ownValue(objectOf(schema['properties']), key);
  return isJsonObject(property) ? property : undefined;
}

function ownValue(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function listOf<T extends JsonValue = JsonObject>(value: JsonValue | undefined): readonly T[] {
  return Array.isArray(value) ? (value as T[]) : [];
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
