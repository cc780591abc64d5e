import { type DocumentPath, isJsonObject, type JsonObject, type JsonValue } from '@kb-labs/contracts';

import { Names } from './names.js';

/**
 * What a document declares, read from its data as far as it goes: the checks that follow names also run on documents
 * with other mistakes. `undefined` names are those of something malformed, and are not checked.
 */
export interface Outline {
  readonly data: JsonObject;
  readonly inputs: Names | undefined;
  readonly env: Names | undefined;
  readonly jobs: Names<JobOutline> | undefined;
}

export interface JobOutline {
  readonly key: string;
  readonly path: DocumentPath;
  readonly data: JsonObject;
  readonly needs: Names;
  readonly env: Names | undefined;
  readonly outputs: Names | undefined;
  readonly steps: readonly StepOutline[];
  /** By id; of two with one id the first. */
  readonly stepIds: Names<StepOutline>;
}

export interface StepOutline {
  /** As written, or `step-<n>` with n from 1. */
  readonly id: string;
  readonly index: number;
  readonly path: DocumentPath;
  readonly data: JsonObject;
  readonly env: Names | undefined;
  /** Of its `outputs:`; `undefined` without one: then its result is the outputs. */
  readonly outputs: Names | undefined;
  readonly uses: string | undefined;
}

export function outlineOf(data: JsonObject): Outline {
  const jobs = valueAt(data, 'jobs');
  return {
    data,
    inputs: namesAt(data, 'inputs'),
    env: namesAt(data, 'env'),
    jobs: isJsonObject(jobs) ? new Names(Object.entries(jobs).flatMap(([key, job]) => (isJsonObject(job) ? [[key, jobOutline(key, job)]] : []))) : undefined,
  };
}

function jobOutline(key: string, data: JsonObject): JobOutline {
  const path = ['jobs', key];
  const written = valueAt(data, 'steps');
  const needs = valueAt(data, 'needs');
  const steps = Array.isArray(written) ? written.flatMap((step, index) => (isJsonObject(step) ? [stepOutline(step, index, [...path, 'steps', index])] : [])) : [];
  return {
    key,
    path,
    data,
    needs: Names.of((Array.isArray(needs) ? needs : [needs]).filter((need) => typeof need === 'string')),
    env: namesAt(data, 'env'),
    outputs: namesAt(data, 'outputs'),
    steps,
    stepIds: new Names(steps.map((step) => [step.id, step])),
  };
}

function stepOutline(data: JsonObject, index: number, path: DocumentPath): StepOutline {
  const id = valueAt(data, 'id');
  const uses = valueAt(data, 'uses');
  const outputs = valueAt(data, 'outputs');
  return {
    id: typeof id === 'string' ? id : `step-${index + 1}`,
    index,
    path,
    data,
    env: namesAt(data, 'env'),
    outputs: isJsonObject(outputs) && Object.keys(outputs).length > 0 ? Names.of(Object.keys(outputs)) : undefined,
    uses: typeof uses === 'string' ? uses : undefined,
  };
}

/** Names of the mapping at `key`: none when it is absent, `undefined` when it is no mapping. */
function namesAt(data: JsonObject, key: string): Names | undefined {
  const value = valueAt(data, key);
  if (value === undefined) return Names.of([]);
  return isJsonObject(value) ? Names.of(Object.keys(value)) : undefined;
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
