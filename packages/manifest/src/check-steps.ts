import { type Finding, isJsonObject, type JsonValue, LIMITS } from '@kb-labs/contracts';

import { type JobOutline, mappingAt, type Outline, type StepOutline, valueAt } from './outline.js';
import { report } from './report.js';

/** Too many jobs: nothing else is looked at then. */
export function* checkJobCount(data: JsonValue): Generator<Finding> {
  const count = isJsonObject(data) ? Object.keys(mappingAt(data, 'jobs')).length : 0;
  if (count <= LIMITS.jobs) return;
  const problem = `the workflow has ${count} jobs, more than ${LIMITS.jobs}`;
  yield report('INVALID_VALUE', ['jobs'], { details: { problem }, hint: 'split it into several workflows', atKey: true });
}

/** What a schema cannot say about jobs and the form of their steps. */
export function* checkSteps(outline: Outline): Generator<Finding> {
  if (outline.jobs === undefined) return;
  if (Object.keys(mappingAt(outline.data, 'jobs')).length === 0) {
    yield report('INVALID_VALUE', ['jobs'], { details: { problem: 'a workflow has at least one job' }, atKey: true });
  }
  for (const job of outline.jobs.values()) {
    yield* checkIds(job);
    for (const step of job.steps) yield* checkForm(step);
  }
}

function* checkIds(job: JobOutline): Generator<Finding> {
  const first = new Map<string, StepOutline>();
  for (const step of job.steps) {
    const other = first.get(step.id);
    if (other === undefined) {
      first.set(step.id, step);
      continue;
    }
    const { written, unnamed } = valueAt(step.data, 'id') === undefined ? { written: other, unnamed: step } : { written: step, unnamed: other };
    const isAutomatic = valueAt(unnamed.data, 'id') === undefined;
    const hint = isAutomatic ? `${placeOf(unnamed)} has no id and is called "${unnamed.id}"` : `${placeOf(other)} has it too: rename one of them`;
    yield report('DUPLICATE_STEP', [...written.path, 'id'], { details: { id: step.id }, hint });
  }
}

function placeOf(step: StepOutline): string {
  return step.hook === undefined ? `step ${step.n}` : `step ${step.n} of the hook "${step.hook}"`;
}

/** Fields of one form only, and what to do when they stand with the other. */
const FORM_FIELDS = [
  { field: 'with', form: 'uses', hint: 'a script gets values through "env"' },
  { field: 'shell', form: 'run', hint: 'a command brings its own program: remove the key' },
  { field: 'working-directory', form: 'run', hint: 'remove the key' },
] as const;

function* checkForm(step: StepOutline): Generator<Finding> {
  const { data, path } = step;
  const has = { uses: Object.hasOwn(data, 'uses'), run: Object.hasOwn(data, 'run') };
  if (has.uses && has.run) yield report('STEP_FORM', [...path, laterKey(step, 'uses', 'run')], { hint: 'split it into two steps', atKey: true });
  if (!has.uses && !has.run) yield report('STEP_FORM', path, { hint: 'add "uses: <plugin>/<group>:<command>" or "run: <script>"' });
  if (has.uses === has.run) return;
  for (const { field, form, hint } of FORM_FIELDS) {
    if (has[form] || !Object.hasOwn(data, field)) continue;
    yield { code: 'STEP_FORM', message: `"${field}" belongs to a "${form}" step`, hint, path: [...path, field], atKey: true };
  }
}

function laterKey(step: StepOutline, one: string, other: string): string {
  const keys = Object.keys(step.data);
  return keys.indexOf(one) > keys.indexOf(other) ? one : other;
}
