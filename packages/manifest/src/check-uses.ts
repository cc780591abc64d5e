import { CONTROL_NAMES, type Finding, type JsonObject, parseUses, type Uses } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';

import { shorten } from './build-tree.js';
import { mappingAt, type Outline, type StepOutline, valueAt } from './outline.js';
import { report, suggestNear } from './report.js';

/** What steps use: names of no known form, and fields that mean nothing for what is used. */
export function* checkUses(outline: Outline): Generator<Finding> {
  for (const job of outline.jobs?.values() ?? []) {
    for (const step of job.steps) {
      yield* checkName(step);
      yield* checkIdleFields(step);
    }
  }
}

function* checkName({ uses, target, path }: StepOutline): Generator<Finding> {
  if (uses === undefined || uses === '' || target !== undefined) return;
  yield report('USES_FORM', [...path, 'uses'], { details: { uses: shorten(uses) }, hint: usesHint(uses) });
}

function usesHint(uses: string): string | undefined {
  if (uses.includes('${{')) return 'what a step uses is fixed: choose between steps with "if"';
  const lower = uses.toLowerCase();
  if (lower !== uses && parseUses(lower) !== undefined) return `names are in lower case: "${lower}"`;
  if (lower === 'builtin:run') return 'a script is written as "run: <script>"';
  if (/^(@[\w.~-]+\/)?[\w.~-]+(@[^/\s]+)?$/.test(uses)) return `add the command: "${uses}/group:command"`;
  if (/^workflow:/.test(lower)) return 'another workflow is "workflow://<id>", by its id alone';
  return suggestNear(uses, CONTROL_NAMES.map((name) => `builtin:${name}`));
}

interface IdleField {
  readonly field: string;
  readonly hint: string;
}

/** Fields for code that runs in a worker, beside steps that run none. */
const IDLE_FOR_CONTROL: readonly IdleField[] = [
  { field: 'env', hint: 'nothing reads it here: write the values in "with"' },
  { field: 'secrets', hint: 'what it is given is kept with the run: remove the key' },
  { field: 'retry', hint: 'it does not fail by chance: remove the key' },
  { field: 'on-interrupt', hint: 'no worker runs it: remove the key' },
  { field: 'artifacts', hint: 'later steps read its outputs: remove the key' },
];
/** Of gates and sleeps: they wait for nothing that may not come. */
const IDLE_WITHOUT_ANSWER: readonly IdleField[] = [...IDLE_FOR_CONTROL, { field: 'timeout', hint: 'it waits for nothing from outside: remove the key' }];
const IDLE_FOR_WORKFLOW: readonly IdleField[] = [
  { field: 'env', hint: 'the called workflow has its own: give it values in "with"' },
  { field: 'secrets', hint: 'list them under "secrets" of the called workflow' },
  { field: 'on-interrupt', hint: 'no worker runs it: remove the key' },
];
const IDLE_WITHOUT_WAIT: readonly IdleField[] = [...IDLE_FOR_WORKFLOW, { field: 'timeout', hint: 'it is not waited for: give the called workflow a "timeout"' }];

function* checkIdleFields(step: StepOutline): Generator<Finding> {
  const { data, path, target } = step;
  for (const { field, hint } of target === undefined ? [] : idleFor(target, data)) {
    if (!Object.hasOwn(data, field)) continue;
    yield { code: 'STEP_FORM', message: `"${field}" does nothing in a step that uses "${step.uses ?? ''}"`, hint, path: [...path, field], atKey: true };
  }
  const isUnreadable = step.uses !== undefined && target === undefined;
  if (Object.hasOwn(data, 'wait') && target?.kind !== 'workflow' && !isUnreadable) {
    yield { code: 'STEP_FORM', message: '"wait" belongs to a step that uses a workflow', hint: 'remove the key: steps of a job follow each other', path: [...path, 'wait'], atKey: true };
  }
  if (target?.kind === 'workflow') yield* checkSources(step);
}

function idleFor(target: Uses, data: JsonObject): readonly IdleField[] {
  switch (target.kind) {
    case 'builtin':
      return target.name === 'gate' || target.name === 'sleep' ? IDLE_WITHOUT_ANSWER : IDLE_FOR_CONTROL;
    case 'workflow':
      return valueAt(data, 'wait') === false ? IDLE_WITHOUT_WAIT : IDLE_FOR_WORKFLOW;
    case 'plugin':
      return [];
    default:
      return assertNever(target);
  }
}

/** A called workflow has a workspace of its own: the step has no file of it. */
function* checkSources(step: StepOutline): Generator<Finding> {
  const artifacts = mappingAt(step.data, 'artifacts');
  for (const name of Object.keys(artifacts)) {
    const source = valueAt(mappingAt(artifacts, name), 'source');
    if (typeof source !== 'string' || !source.startsWith('file:')) continue;
    const problem = 'a called workflow leaves no files for the step that calls it';
    yield report('INVALID_VALUE', [...step.path, 'artifacts', name, 'source'], { details: { problem }, hint: 'keep one of its outputs: "outputs.<name>"' });
  }
}
