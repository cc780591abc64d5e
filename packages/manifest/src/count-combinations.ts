import { isJsonObject, type JsonObject, type JsonValue, LIMITS } from '@kb-labs/contracts';
import { hasExpression } from '@kb-labs/expressions';

import { COMBINATION_KEYS, valueAt } from './outline.js';

/** What may be spent on counting in one document. A matrix beyond it is counted when the run expands it. */
export class CountBudget {
  #left = 200_000;

  take(work: number): boolean {
    this.#left -= work;
    return this.#left >= 0;
  }
}

/**
 * How many combinations a written matrix has, by GitHub's rules: the product of the axes, without those that an entry of
 * `exclude` covers, and one more for every entry of `include` that fits none of them. `undefined` when it is known only at
 * run time. A product above the limit of a run is given as it is: it is too much whatever is excluded.
 */
export function countCombinations(matrix: JsonObject, budget: CountBudget): number | undefined {
  const axes: Axis[] = [];
  for (const [name, values] of Object.entries(matrix)) {
    if (COMBINATION_KEYS.includes(name)) continue;
    if (!Array.isArray(values) || values.length === 0) return undefined;
    axes.push({ name, values: values.map(identify) });
  }
  const include = entriesOf(valueAt(matrix, 'include'));
  const exclude = entriesOf(valueAt(matrix, 'exclude'));
  if (include === undefined || exclude === undefined || containsExpression(matrix)) return undefined;
  const product = axes.length === 0 ? 0 : axes.reduce((sum, axis) => sum * axis.values.length, 1);
  if (product > LIMITS.jobsAfterMatrix) return product;
  if (include.length + exclude.length === 0) return product;
  const excluded = patternsOf(exclude, axes);
  const included = patternsOf(include, axes);
  if (!budget.take(product * (1 + excluded.length + included.length))) return undefined;
  return count(axes, product, { excluded, included });
}

interface Axis {
  readonly name: string;
  /** Identities of the values: equal values have the same. */
  readonly values: readonly string[];
}

/** Entries that name the same axes: how many there are for each choice of values. */
interface Pattern {
  /** Indexes of the axes. */
  readonly axes: readonly number[];
  readonly entries: Map<string, number>;
}

function count(axes: readonly Axis[], product: number, patterns: { excluded: readonly Pattern[]; included: readonly Pattern[] }): number {
  let left = 0;
  const fits = patterns.included.map(() => new Set<string>());
  for (let index = 0; index < product; index += 1) {
    const combination = combinationAt(axes, index);
    if (patterns.excluded.some((pattern) => pattern.entries.has(choiceOf(combination, pattern)))) continue;
    left += 1;
    for (const [at, pattern] of patterns.included.entries()) fits[at]?.add(choiceOf(combination, pattern));
  }
  for (const [at, pattern] of patterns.included.entries()) {
    for (const [choice, entries] of pattern.entries) if (fits[at]?.has(choice) !== true) left += entries;
  }
  return left;
}

/** The values of one combination: its number read in the mixed base of the axes. */
function combinationAt(axes: readonly Axis[], index: number): string[] {
  let rest = index;
  return axes.map(({ values }) => {
    const value = values[rest % values.length];
    rest = Math.floor(rest / values.length);
    return value ?? '';
  });
}

function choiceOf(values: readonly string[], pattern: Pattern): string {
  return pattern.axes.map((axis) => values[axis]).join(',');
}

function patternsOf(entries: readonly JsonObject[], axes: readonly Axis[]): Pattern[] {
  const patterns = new Map<string, Pattern>();
  for (const entry of entries) {
    const named = axes.flatMap(({ name }, index) => (Object.hasOwn(entry, name) ? [index] : []));
    const key = named.join(',');
    const pattern = patterns.get(key) ?? { axes: named, entries: new Map<string, number>() };
    patterns.set(key, pattern);
    const choice = named.map((index) => identify(valueAt(entry, axes[index]?.name ?? '') ?? null)).join(',');
    pattern.entries.set(choice, (pattern.entries.get(choice) ?? 0) + 1);
  }
  return [...patterns.values()];
}

/** JSON text that is equal for equal values, in whatever order their keys stand. */
function identify(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(identify).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value).toSorted();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${identify(value[key] ?? null)}`).join(',')}}`;
}

function entriesOf(written: JsonValue | undefined): readonly JsonObject[] | undefined {
  if (written === undefined) return [];
  return Array.isArray(written) && written.every(isJsonObject) ? written : undefined;
}

function containsExpression(value: JsonValue): boolean {
  if (typeof value === 'string') return hasExpression(value);
  if (Array.isArray(value)) return value.some(containsExpression);
  return isJsonObject(value) && Object.values(value).some(containsExpression);
}
