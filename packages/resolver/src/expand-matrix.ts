import { AXIS_NAME, isJsonObject, type JsonObject, type JsonValue, LIMITS, type PlannedStrategy } from '@kb-labs/contracts';
import { evaluateDeep, type Scope } from '@kb-labs/expressions';

import { canonicalText } from './canonical-text.js';

export type ExpandedMatrix =
  | { readonly ok: true; readonly combinations: readonly JsonObject[] }
  | { readonly ok: false; readonly problem: string };

/**
 * The combinations of a matrix, by GitHub's rules ("Running variations of jobs in a workflow"): the product of the axes,
 * the last one fastest; without those that an entry of `exclude` agrees with in all it names; each entry of `include`
 * added to every combination of the product that it does not contradict, or standing for itself when there is none. An
 * include can replace what an earlier one has added, never a value of an axis. A list of objects in place of a whole
 * matrix is its `include`.
 *
 * The cost follows from the result and the entries. No combination is built when there would be more than `limit`.
 * Fails with an `EXPRESSION_…` error when a part cannot be evaluated.
 */
export function expandMatrix(strategy: PlannedStrategy, scope: Scope, limit: number): ExpandedMatrix {
  const read = readMatrix(evaluateDeep(strategy.matrix, scope));
  if (typeof read === 'string') return { ok: false, problem: read };
  const size = read.axes.length === 0 ? 0 : read.axes.reduce((product, axis) => product * axis.values.length, 1);
  if (size > Math.max(limit, LIMITS.jobsAfterMatrix)) return { ok: false, problem: tooMany(size, limit) };

  const product = new Product(read.axes, size);
  for (const entry of distinct(read.exclude)) product.exclude(entry);
  const additions: { entry: JsonObject; to: readonly number[] }[] = [];
  let characters = product.characters();
  for (const entry of read.include) {
    const to = product.agreeing(entry);
    characters += canonicalText(entry).length * Math.max(to.length, 1);
    if (characters > LIMITS.runStateBytes) return { ok: false, problem: tooLong() };
    additions.push({ entry, to });
  }
  const count = product.size + additions.filter(({ to }) => to.length === 0).length;
  if (count > limit) return { ok: false, problem: tooMany(count, limit) };
  if (characters > LIMITS.runStateBytes) return { ok: false, problem: tooLong() };

  const originals = product.combinations();
  const alone: JsonObject[] = [];
  for (const { entry, to } of additions) {
    if (to.length === 0) alone.push(entry);
    const added = Object.entries(entry).filter(([key]) => !product.hasAxis(key));
    for (const index of to) originals.get(index)?.push(...added);
  }
  return { ok: true, combinations: [...[...originals.values()].map((entries): JsonObject => Object.fromEntries(entries)), ...alone] };
}

interface Axis {
  readonly name: string;
  readonly values: readonly JsonValue[];
}

interface Matrix {
  readonly axes: readonly Axis[];
  readonly include: readonly JsonObject[];
  readonly exclude: readonly JsonObject[];
}

/** The parts of an evaluated matrix, or what is wrong with it. */
function readMatrix(value: JsonValue): Matrix | string {
  if (Array.isArray(value)) return readMatrix({ include: value });
  if (!isJsonObject(value)) return `it has to be an object of axes, not ${kindOf(value)}`;
  const { include = [], exclude = [], ...rest } = value;
  const axes: Axis[] = [];
  for (const [name, values] of Object.entries(rest)) {
    if (!AXIS_NAME.test(name)) return `${JSON.stringify(name.slice(0, 100))} cannot be the name of an axis`;
    if (!Array.isArray(values)) return `the axis "${name}" has to be a list, not ${kindOf(values)}`;
    axes.push({ name, values });
  }
  if (axes.length > LIMITS.matrixAxes) return `it has ${axes.length} axes, and ${LIMITS.matrixAxes} is the most`;
  const names = new Set(axes.map((axis) => axis.name));
  for (const [part, entries] of [['include', include] as const, ['exclude', exclude] as const]) {
    if (!Array.isArray(entries)) return `"${part}" has to be a list, not ${kindOf(entries)}`;
    if (entries.length > LIMITS.jobsAfterMatrix) return `"${part}" has ${entries.length} entries, and ${LIMITS.jobsAfterMatrix} is the most`;
    for (const [index, entry] of entries.entries()) {
      if (!isJsonObject(entry)) return `entry ${index + 1} of "${part}" has to be an object, not ${kindOf(entry)}`;
      const problem = part === 'include' ? includeProblem(entry) : excludeProblem(entry, names);
      if (problem !== undefined) return `entry ${index + 1} of "${part}" ${problem}`;
    }
  }
  return { axes, include: include as JsonObject[], exclude: exclude as JsonObject[] };
}

function includeProblem(entry: JsonObject): string | undefined {
  const bad = Object.keys(entry).find((key) => !AXIS_NAME.test(key));
  return bad === undefined ? undefined : `has the key ${JSON.stringify(bad.slice(0, 100))}, which cannot be the name of an axis`;
}

function excludeProblem(entry: JsonObject, names: ReadonlySet<string>): string | undefined {
  const keys = Object.keys(entry);
  if (keys.length === 0) return 'names no axis';
  const unknown = keys.find((key) => !names.has(key));
  return unknown === undefined ? undefined : `names "${unknown.slice(0, 100)}", which is not an axis`;
}

function distinct(entries: readonly JsonObject[]): Iterable<JsonObject> {
  return new Map(entries.map((entry) => [canonicalText(entry), entry])).values();
}

function tooLong(): string {
  return `its combinations would take more than ${LIMITS.runStateBytes} bytes`;
}

function tooMany(count: number, limit: number): string {
  const shown = Number.isSafeInteger(count) ? String(count) : `more than ${Number.MAX_SAFE_INTEGER}`;
  return `it has ${shown} combinations, and ${limit} is the most`;
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The product of axes. A combination is known by its place in it, from which the values follow. */
class Product {
  readonly #axes: readonly { readonly name: string; readonly values: readonly JsonValue[]; readonly stride: number; readonly places: ReadonlyMap<string, readonly number[]> }[];
  readonly #alive: Uint8Array;
  size: number;

  constructor(axes: readonly Axis[], size: number) {
    let stride = size;
    this.#axes = axes.map(({ name, values }) => {
      stride = values.length === 0 ? 0 : stride / values.length;
      return { name, values, stride, places: placesOf(values) };
    });
    this.#alive = new Uint8Array(size).fill(1);
    this.size = size;
  }

  hasAxis(name: string): boolean {
    return this.#axes.some((axis) => axis.name === name);
  }

  exclude(entry: JsonObject): void {
    const agreeing = this.agreeing(entry);
    for (const index of agreeing) this.#alive[index] = 0;
    this.size -= agreeing.length;
  }

  /** The combinations that have every value the entry names of an axis, in order. What is no axis does not count. */
  agreeing(entry: JsonObject): number[] {
    if (this.#alive.length === 0) return [];
    let indices = [0];
    for (const { name, values, stride, places } of this.#axes) {
      const named = Object.hasOwn(entry, name) ? entry[name] : undefined;
      const at = named === undefined ? [...values.keys()] : (places.get(canonicalText(named)) ?? []);
      indices = indices.flatMap((index) => at.map((place) => index + place * stride));
    }
    return indices.filter((index) => this.#alive[index] === 1);
  }

  /** How long the combinations are as JSON, about. */
  characters(): number {
    return this.#axes.reduce((sum, { name, values }) => {
      const once = values.reduce<number>((length, value) => length + canonicalText(value).length + name.length + 4, 0);
      return sum + (values.length === 0 ? 0 : (once * this.size) / values.length);
    }, 0);
  }

  /** The entries of each combination by its place, in order. */
  combinations(): Map<number, [string, JsonValue][]> {
    const found = new Map<number, [string, JsonValue][]>();
    for (const [index, alive] of this.#alive.entries()) {
      if (alive === 0) continue;
      found.set(index, this.#axes.map(({ name, values, stride }) => [name, values[Math.floor(index / stride) % values.length] ?? null]));
    }
    return found;
  }
}

/** Where each value of an axis stands. A value can be written twice. */
function placesOf(values: readonly JsonValue[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [place, value] of values.entries()) {
    const text = canonicalText(value);
    const known = places.get(text);
    if (known === undefined) places.set(text, [place]);
    else known.push(place);
  }
  return places;
}
