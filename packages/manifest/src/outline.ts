import { type DocumentPath, type Hook, isJsonObject, type JsonObject, type JsonValue, parseUses, type Uses } from '@kb-labs/contracts';

import { Names } from './names.js';

/**
 * What a document declares, read from its data as far as it goes: the checks that follow names also run on documents
 * with other mistakes. `undefined` names are those of something malformed, and are not checked.
 */
export interface Outline {
  readonly data: JsonObject;
  readonly inputs: Names | undefined;
  readonly env: Names | undefined;
  readonly secrets: Names | undefined;
  readonly jobs: Names<JobOutline> | undefined;
}

export interface JobOutline {
  readonly key: string;
  readonly path: DocumentPath;
  readonly data: JsonObject;
  readonly needs: Names;
  readonly env: Names | undefined;
  /** What it can read: as it is narrowed here, or by what is around it. */
  readonly secrets: Names | undefined;
  readonly outputs: Names | undefined;
  readonly strategy: StrategyOutline | undefined;
  /** In the order they run: those of the hook `pre`, its own, then those of `on-success`, `on-failure` and `post`. */
  readonly steps: readonly StepOutline[];
  /** By id; of two with one id the first. */
  readonly stepIds: Names<StepOutline>;
}

interface StrategyOutline {
  /** Everything `matrix` has: its axes and the keys of `include`. `undefined`: known at run time only. */
  readonly axes: Names | undefined;
}

export interface StepOutline {
  /** As written, or `step-<n>` with n from 1; in a hook `<hook>-<n>`. */
  readonly id: string;
  /** Among all steps of the job. */
  readonly index: number;
  /** In its list, from 1. */
  readonly n: number;
  /** `undefined`: one of the job's own. */
  readonly hook: Hook | undefined;
  readonly path: DocumentPath;
  readonly data: JsonObject;
  readonly env: Names | undefined;
  readonly secrets: Names | undefined;
  /** Of its `outputs:`; `undefined` without one: then its result is the outputs. */
  readonly outputs: Names | undefined;
  /** What is written. */
  readonly uses: string | undefined;
  /** What that names. */
  readonly target: Uses | undefined;
}

export function outlineOf(data: JsonObject): Outline {
  const jobs = valueAt(data, 'jobs');
  const secrets = secretsAt(data, Names.of([]));
  return {
    data,
    inputs: namesAt(data, 'inputs'),
    env: namesAt(data, 'env'),
    secrets,
    jobs: isJsonObject(jobs) ? new Names(Object.entries(jobs).flatMap(([key, job]) => (isJsonObject(job) ? [[key, jobOutline(key, job, secrets)]] : []))) : undefined,
  };
}

function jobOutline(key: string, data: JsonObject, around: Names | undefined): JobOutline {
  const path = ['jobs', key];
  const needs = valueAt(data, 'needs');
  const strategy = valueAt(data, 'strategy');
  const secrets = secretsAt(data, around);
  const steps = stepsOf(data, path, secrets);
  return {
    key,
    path,
    data,
    needs: Names.of((Array.isArray(needs) ? needs : [needs]).filter((need) => typeof need === 'string')),
    env: namesAt(data, 'env'),
    secrets,
    outputs: namesAt(data, 'outputs'),
    strategy: strategy === undefined ? undefined : { axes: axesOf(isJsonObject(strategy) ? valueAt(strategy, 'matrix') : undefined) },
    steps,
    stepIds: new Names(steps.map((step) => [step.id, step])),
  };
}

/** Keys of `matrix:` that are no axes. */
export const COMBINATION_KEYS = ['include', 'exclude'];

function axesOf(matrix: JsonValue | undefined): Names | undefined {
  if (!isJsonObject(matrix)) return undefined;
  const include = valueAt(matrix, 'include') ?? [];
  if (!Array.isArray(include)) return undefined;
  const axes = Object.keys(matrix).filter((key) => !COMBINATION_KEYS.includes(key));
  return Names.of([...axes, ...include.flatMap((entry) => (isJsonObject(entry) ? Object.keys(entry) : []))]);
}

function stepsOf(job: JsonObject, path: DocumentPath, secrets: Names | undefined): StepOutline[] {
  const hooks = mappingAt(job, 'hooks');
  const steps: StepOutline[] = [];
  const add = (written: JsonValue | undefined, at: DocumentPath, hook?: Hook): void => {
    for (const [index, step] of Array.isArray(written) ? written.entries() : []) {
      if (isJsonObject(step)) steps.push(stepOutline(step, { index: steps.length, n: index + 1, hook, path: [...at, index], secrets: secretsAt(step, secrets) }));
    }
  };
  const addHook = (hook: Hook): void => add(valueAt(hooks, hook), [...path, 'hooks', hook], hook);
  addHook('pre');
  add(valueAt(job, 'steps'), [...path, 'steps']);
  addHook('on-success');
  addHook('on-failure');
  addHook('post');
  return steps;
}

function stepOutline(data: JsonObject, at: Pick<StepOutline, 'index' | 'n' | 'hook' | 'path' | 'secrets'>): StepOutline {
  const id = valueAt(data, 'id');
  const uses = valueAt(data, 'uses');
  const outputs = valueAt(data, 'outputs');
  return {
    ...at,
    id: typeof id === 'string' ? id : `${at.hook ?? 'step'}-${at.n}`,
    data,
    env: namesAt(data, 'env'),
    outputs: isJsonObject(outputs) && Object.keys(outputs).length > 0 ? Names.of(Object.keys(outputs)) : undefined,
    uses: typeof uses === 'string' ? uses : undefined,
    target: typeof uses === 'string' ? parseUses(uses) : undefined,
  };
}

/** Names of the mapping at `key`: none when it is absent, `undefined` when it is no mapping. */
function namesAt(data: JsonObject, key: string): Names | undefined {
  const value = valueAt(data, key);
  if (value === undefined) return Names.of([]);
  return isJsonObject(value) ? Names.of(Object.keys(value)) : undefined;
}

/** The list at `key`, or without one that of the level around it. */
function secretsAt(data: JsonObject, around: Names | undefined): Names | undefined {
  const list = valueAt(data, 'secrets');
  if (list === undefined) return around;
  return Array.isArray(list) ? Names.of(list.filter((name) => typeof name === 'string')) : undefined;
}

/** An own property: a document may use any name as a key. */
export function valueAt(data: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(data, key) ? data[key] : undefined;
}

/** The own property as a mapping; empty when it is absent or something else. */
export function mappingAt(data: JsonObject, key: string): JsonObject {
  const value = valueAt(data, key);
  return isJsonObject(value) ? value : {};
}
