import { type DocumentPath, isJsonObject, type JsonObject, type JsonValue } from '@kb-labs/contracts';
import { type Expression, type ExpressionProblem, hasExpression, parseCondition, parseTemplate } from '@kb-labs/expressions';

import { type JobOutline, mappingAt, type Outline, type StepOutline, valueAt } from './outline.js';

/** The fields whose text is evaluated; each sees contexts of its own. */
export type Field =
  | 'workflow-env'
  | 'workflow-concurrency'
  | 'workflow-default'
  | 'workflow-outputs'
  | 'job-if'
  | 'job-strategy'
  | 'job-env'
  | 'job-concurrency'
  | 'target-image'
  | 'job-merge'
  | 'job-outputs'
  | 'step-if'
  | 'step-env'
  | 'step-with'
  | 'step-outputs';

/** A text that may hold expressions, and where it stands. */
export interface ExpressionPlace {
  readonly text: string;
  readonly path: DocumentPath;
  readonly field: Field;
  readonly job?: JobOutline;
  readonly step?: StepOutline;
}

/** Every text of a workflow that is evaluated, in the order of evaluation. */
export function* expressionPlaces(outline: Outline): Generator<ExpressionPlace> {
  const { data } = outline;
  yield* entries(data, 'env', { field: 'workflow-env', path: [] });
  yield* groupPlace(data, { field: 'workflow-concurrency', path: [] });
  const run = mappingAt(mappingAt(data, 'defaults'), 'run');
  yield* texts(valueAt(run, 'working-directory'), { field: 'workflow-default', path: ['defaults', 'run', 'working-directory'] });
  yield* oneText(mappingAt(mappingAt(data, 'defaults'), 'execution-target'), 'image', { field: 'target-image', path: ['defaults', 'execution-target'] });
  for (const job of outline.jobs?.values() ?? []) yield* jobPlaces(job);
  yield* entries(data, 'outputs', { field: 'workflow-outputs', path: [] });
}

function* jobPlaces(job: JobOutline): Generator<ExpressionPlace> {
  const { path, data } = job;
  yield* texts(valueAt(data, 'if'), { field: 'job-if', path: [...path, 'if'], job });
  const strategy = mappingAt(data, 'strategy');
  yield* texts(valueAt(strategy, 'matrix'), { field: 'job-strategy', path: [...path, 'strategy', 'matrix'], job });
  yield* entries(data, 'env', { field: 'job-env', path, job });
  yield* groupPlace(data, { field: 'job-concurrency', path, job });
  yield* oneText(mappingAt(data, 'execution-target'), 'image', { field: 'target-image', path: [...path, 'execution-target'], job });
  for (const step of job.steps) yield* stepPlaces(job, step);
  yield* mergePlaces(job);
  yield* entries(data, 'outputs', { field: 'job-outputs', path, job });
}

/** The `group` of `concurrency:`, which can be written as the group alone. */
function* groupPlace(data: JsonObject, at: At): Generator<ExpressionPlace> {
  const concurrency = valueAt(data, 'concurrency');
  const path = [...at.path, 'concurrency'];
  if (typeof concurrency === 'string') yield { ...at, text: concurrency, path };
  else if (isJsonObject(concurrency)) yield* oneText(concurrency, 'group', { ...at, path });
}

function* mergePlaces(job: JobOutline): Generator<ExpressionPlace> {
  const from = valueAt(mappingAt(mappingAt(job.data, 'artifacts'), 'merge'), 'from');
  const path = [...job.path, 'artifacts', 'merge', 'from'];
  for (const [index, source] of Array.isArray(from) ? from.entries() : []) {
    if (isJsonObject(source)) yield* oneText(source, 'run', { field: 'job-merge', path: [...path, index], job });
  }
}

function* oneText(data: JsonObject, key: string, at: At): Generator<ExpressionPlace> {
  const text = valueAt(data, key);
  if (typeof text === 'string') yield { ...at, text, path: [...at.path, key] };
}

function* stepPlaces(job: JobOutline, step: StepOutline): Generator<ExpressionPlace> {
  const { path, data } = step;
  const at = { job, step };
  yield* texts(valueAt(data, 'if'), { field: 'step-if', path: [...path, 'if'], ...at });
  yield* entries(data, 'env', { field: 'step-env', path, ...at });
  yield* oneText(mappingAt(data, 'execution-target'), 'image', { field: 'target-image', path: [...path, 'execution-target'], ...at });
  for (const key of ['with', 'run', 'working-directory']) {
    yield* texts(valueAt(data, key), { field: 'step-with', path: [...path, key], ...at });
  }
  yield* entries(data, 'outputs', { field: 'step-outputs', path, ...at });
}

type At = Omit<ExpressionPlace, 'text'>;

function* entries(data: JsonObject, key: string, at: At): Generator<ExpressionPlace> {
  for (const [name, value] of Object.entries(mappingAt(data, key))) {
    if (typeof value === 'string') yield { ...at, text: value, path: [...at.path, key, name] };
  }
}

/** Every text inside a value; keys are not evaluated. */
function* texts(value: JsonValue | undefined, at: At): Generator<ExpressionPlace> {
  if (typeof value === 'string') yield { ...at, text: value };
  else if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* texts(item, { ...at, path: [...at.path, index] });
  else if (isJsonObject(value)) for (const [key, item] of Object.entries(value)) yield* texts(item, { ...at, path: [...at.path, key] });
}

/** An expression and where its offsets count from in the text of its place. */
interface PlacedExpression {
  readonly expression: Expression;
  readonly base: number;
}

export interface ParsedPlace {
  readonly expressions: readonly PlacedExpression[];
  /** With offsets in the text of the place. */
  readonly problems: readonly ExpressionProblem[];
}

export function parsePlace(place: ExpressionPlace): ParsedPlace {
  if (place.text === '') return { expressions: [], problems: [] };
  if (place.field === 'job-if' || place.field === 'step-if') {
    const parsed = parseCondition(place.text);
    return parsed.ok ? { expressions: [{ expression: parsed.expression, base: 0 }], problems: [] } : { expressions: [], problems: [parsed.problem] };
  }
  if (!hasExpression(place.text)) return { expressions: [], problems: [] };
  const parsed = parseTemplate(place.text);
  if (!parsed.ok) return { expressions: [], problems: parsed.problems };
  const expressions = parsed.template.segments.flatMap((segment) =>
    segment.kind === 'expression' ? [{ expression: segment.expression, base: segment.sourceOffset }] : [],
  );
  return { expressions, problems: [] };
}
