import type { Reference } from '@kb-labs/expressions';

import { shorten } from './build-tree.js';
import { restartsFrom } from './check-gate.js';
import type { CommandShape } from './command-shape.js';
import type { ExpressionPlace } from './expression-places.js';
import { Names } from './names.js';
import type { JobOutline, Outline, StepOutline } from './outline.js';
import { suggest, suggestNear } from './report.js';
import { contextsAt, envAt, type EnvLevel, ROOMS } from './rooms.js';
import { unknownProperty } from './schema-properties.js';
import { secretBehind } from './secret-variables.js';

/** What is wrong with a reference or call, for a message. */
export interface ReferenceProblem {
  readonly problem: string;
  readonly hint?: string | undefined;
}

interface Where {
  readonly outline: Outline;
  readonly place: ExpressionPlace;
  /** What a step takes and gives; `undefined` when that is not known. */
  readonly shapeOf: (step: StepOutline) => CommandShape | undefined;
}

type Path = Reference['path'];

/** Members of the contexts that are the same in every workflow. Deeper values are data. */
const FIXED: Readonly<Record<string, Names>> = {
  trigger: Names.of(['type', 'actor', 'payload', 'branch', 'tag', 'sha', 'paths', 'event', 'delivery', 'schedule', 'parent']),
  run: Names.of(['id', 'createdAt', 'callbackUrl']),
  workflow: Names.of(['id', 'name', 'version', 'digest']),
  strategy: Names.of(['fail-fast', 'job-index', 'job-total', 'max-parallel']),
};
const SCHEDULE = Names.of(['cron', 'timezone', 'at']);
const PARENT = Names.of(['runId', 'workflowId', 'depth', 'job', 'step', 'waits', 'status']);

/** What does not exist about a reference at its place; `undefined` when it does or cannot be known. */
export function referenceProblem(reference: Reference, where: Where): ReferenceProblem | undefined {
  const { root, path } = reference;
  if (!contextsAt(where.place).includes(root)) return unknownContext(root, where.place);
  switch (root) {
    case 'inputs':
      return unknownName(path[0], where.outline.inputs, { says: 'there is no input', hint: 'declare it under "inputs"' });
    case 'env':
      return unknownVariable(path[0], where) ?? secretVariable(path[0], where);
    case 'secrets':
      return unknownSecret(path[0], where);
    case 'needs':
      return needsProblem(path, where);
    case 'jobs':
      return jobsProblem(path, where);
    case 'steps':
      return stepsProblem(path, where);
    case 'matrix':
      return unknownName(path[0], where.place.job?.strategy?.axes, { says: 'the matrix has no axis' });
    case 'trigger':
      return triggerProblem(path);
    case 'result':
      return where.place.step === undefined ? undefined : outputOfCommand(where.place.step, path, where);
    default: {
      const names = Object.hasOwn(FIXED, root) ? FIXED[root] : undefined;
      return names === undefined ? undefined : unknownName(path[0], names, { says: `"${root}" has no` });
    }
  }
}

function triggerProblem([member, detail]: Path): ReferenceProblem | undefined {
  const found = unknownName(member, FIXED['trigger'], { says: '"trigger" has no' });
  if (found !== undefined || typeof member !== 'string') return found;
  switch (member.toLowerCase()) {
    case 'parent':
      return unknownName(detail, PARENT, { says: '"trigger.parent" has no' });
    case 'schedule':
      return unknownName(detail, SCHEDULE, { says: '"trigger.schedule" has no' });
    default:
      return undefined;
  }
}

/** Names of contexts elsewhere, and what stands for them here. */
const FOREIGN: Readonly<Record<string, string>> = {
  github: 'what started the run is in "trigger": trigger.branch, trigger.sha, trigger.payload',
  event: 'what started the run is in "trigger": trigger.payload',
  job: 'jobs this one needs are in "needs", steps before this one in "steps"',
};

function unknownContext(root: string, place: ExpressionPlace): ReferenceProblem {
  const hint = hintForContext(root, place) ?? suggest(root, contextsAt(place));
  const exists = ['secrets', 'needs', 'jobs', 'steps', 'matrix', 'strategy', 'result', 'env'].includes(root);
  return { problem: exists ? `"${root}" does not exist ${ROOMS[place.field].called}` : `there is no context "${shorten(root)}"`, hint };
}

function hintForContext(root: string, place: ExpressionPlace): string | undefined {
  switch (root) {
    case 'steps':
      if (place.field === 'workflow-outputs') return 'give the job an output and read jobs.<job>.outputs.<name>';
      return place.job === undefined ? undefined : 'steps exist while the job runs: use it in a step or in the "outputs" of the job';
    case 'jobs':
      return 'name the job in "needs" and read needs.<job>.outputs.<name>';
    case 'needs':
      return place.field === 'workflow-outputs' ? 'read jobs.<job>.outputs.<name>' : undefined;
    case 'matrix':
    case 'strategy':
      return hintForCombination(root, place);
    case 'secrets':
      return place.field === 'step-with' && place.step?.target?.kind === 'workflow'
        ? 'list it under "secrets" of the called workflow, and read it there'
        : 'what is evaluated here is kept with the run: read it in the "env" of a job, or in the "env" or "with" of a step with a command or script';
    case 'result':
      return 'what a step returned is read in its own "outputs"; later steps read steps.<id>.outputs.<name>';
    default:
      return Object.hasOwn(FOREIGN, root.toLowerCase()) ? FOREIGN[root.toLowerCase()] : undefined;
  }
}

function hintForCombination(root: string, place: ExpressionPlace): string | undefined {
  if (place.job === undefined) return `"${root}" belongs to a job with a "strategy"`;
  if (place.job.strategy === undefined) return 'give the job a "strategy" with a "matrix"';
  if (place.field === 'job-if') return 'a job is decided on before it becomes its combinations: use the "if" of a step';
  return 'the combinations are not known yet';
}

interface Asked {
  /** What the message says before the name: `there is no input`, `the job "build" has no output` … */
  readonly says: string;
  /** The hint when no name is near. */
  readonly hint?: string;
}

/** `undefined` as a step: the whole mapping is read. `null`: the name is computed. */
function unknownName(step: string | number | null | undefined, names: Names | undefined, asked: Asked): ReferenceProblem | undefined {
  if (step === undefined || step === null || names === undefined || names.has(String(step))) return undefined;
  const name = String(step);
  return { problem: `${asked.says} "${shorten(name)}"`, hint: suggest(name, names.keys()) ?? asked.hint };
}

function unknownVariable(step: string | number | null | undefined, { place, outline }: Where): ReferenceProblem | undefined {
  if (step === undefined || step === null) return undefined;
  const name = String(step);
  const levels = envAt(outline, place);
  if (levels.some((level) => level.names === undefined || isSet(level, name))) return undefined;
  const elsewhere = [outline.env, place.job?.env, place.step?.env].some((names) => names?.has(name) === true);
  if (elsewhere) {
    const isCondition = place.field === 'job-if' || place.field === 'step-if';
    const hint = isCondition ? 'a condition reads the "env" around it, not the one beside it' : 'an entry of "env" reads those above it';
    return { problem: `the variable "${shorten(name)}" is not set yet ${ROOMS[place.field].called}`, hint };
  }
  const hint = suggest(name, levels.flatMap((level) => [...(level.names?.keys() ?? [])].slice(0, level.before)));
  return { problem: `there is no variable "${shorten(name)}" in "env"`, hint: hint ?? 'declare it under "env"' };
}

function unknownSecret(step: string | number | null | undefined, { place, outline }: Where): ReferenceProblem | undefined {
  const names = place.step === undefined ? place.job?.secrets : place.step.secrets;
  const found = unknownName(step, names, { says: 'there is no secret', hint: 'list it under "secrets"' });
  if (found === undefined) return undefined;
  if (outline.secrets?.has(String(step)) !== true) return { ...found, hint: suggestNear(String(step), [...(outline.secrets?.keys() ?? [])]) ?? 'list it under "secrets"' };
  return { problem: `the secret "${shorten(String(step))}" is not among the "secrets" of this ${place.step?.data['secrets'] === undefined ? 'job' : 'step'}`, hint: 'add it there' };
}

/** A variable that was made of a secret, where its value would be kept with the run. */
function secretVariable(step: string | number | null | undefined, { place }: Where): ReferenceProblem | undefined {
  const found = secretBehind(step, place);
  if (found === undefined) return undefined;
  return { problem: `the variable "${shorten(found)}" holds a secret, which cannot be read ${ROOMS[place.field].called}`, hint: hintForContext('secrets', place) };
}

function isSet({ names, before }: EnvLevel, name: string): boolean {
  const index = names?.indexOf(name);
  return index !== undefined && (before === undefined || index < before);
}

function needsProblem(path: Path, { outline, place }: Where): ReferenceProblem | undefined {
  const [key, ...rest] = path;
  const { job } = place;
  if (job === undefined || key === undefined || key === null) return undefined;
  const needed = job.needs.find(String(key));
  return needed === undefined ? notNeeded(String(key), job, outline) : neededMember(needed, rest, outline);
}

function notNeeded(name: string, job: JobOutline, outline: Outline): ReferenceProblem {
  if (name === job.key) return { problem: `the job "${name}" cannot need itself` };
  if (outline.jobs?.has(name) === true) return { problem: `the job "${name}" is not in "needs" of this job`, hint: `add "${name}" to its "needs"` };
  const known = job.needs.size > 0 ? job.needs : outline.jobs;
  return { problem: `there is no job "${shorten(name)}" in "needs"`, hint: suggest(name, known?.keys() ?? []) };
}

function jobsProblem(path: Path, { outline }: Where): ReferenceProblem | undefined {
  const [key, ...rest] = path;
  if (key === undefined || key === null) return undefined;
  return unknownName(key, outline.jobs, { says: 'there is no job' }) ?? jobMember(String(key), rest, outline);
}

const JOB_MEMBERS = Names.of(['outputs', 'result']);
const MATRIX_JOB_MEMBERS = Names.of([...JOB_MEMBERS.keys(), 'combinations']);
const COMBINATION_MEMBERS = Names.of(['matrix', ...JOB_MEMBERS.keys()]);

/** What a job says of one it needs: of one with a matrix also what its combinations gave. */
function neededMember(name: string, path: Path, outline: Outline): ReferenceProblem | undefined {
  const job = outline.jobs?.get(name);
  const [member, index, part, ...rest] = path;
  if (job?.strategy === undefined || typeof member !== 'string' || member.toLowerCase() !== 'combinations') {
    return jobMember(name, path, outline, job?.strategy === undefined ? JOB_MEMBERS : MATRIX_JOB_MEMBERS);
  }
  if (typeof index === 'string') return { problem: `"combinations" is a list and has no "${shorten(index)}"`, hint: 'read one of them, combinations[0], or all: combinations.*' };
  const found = unknownName(part, COMBINATION_MEMBERS, { says: 'a combination has no' });
  if (found !== undefined || typeof part !== 'string') return found;
  if (part.toLowerCase() === 'matrix') return unknownName(rest[0], job.strategy.axes, { says: `the matrix of the job "${shorten(name)}" has no axis` });
  return jobMember(name, [part, ...rest], outline);
}

function jobMember(name: string, path: Path, outline: Outline, members = JOB_MEMBERS): ReferenceProblem | undefined {
  const [member, output] = path;
  const found = unknownName(member, members, { says: 'a job has no' });
  if (found !== undefined || typeof member !== 'string' || member.toLowerCase() !== 'outputs') return found;
  return unknownName(output, outline.jobs?.get(name)?.outputs, { says: `the job "${shorten(name)}" has no output`, hint: `declare it under "outputs" of the job "${shorten(name)}"` });
}

const STEP_MEMBERS = Names.of(['outputs', 'outcome', 'conclusion', 'status']);

function stepsProblem(path: Path, where: Where): ReferenceProblem | undefined {
  const { outline, place } = where;
  const [id, member, ...rest] = path;
  if (id === undefined || id === null || place.job === undefined) return undefined;
  const { steps, stepIds } = place.job;
  const name = String(id);
  const step = stepIds.get(name);
  const until = place.step?.index ?? Number.POSITIVE_INFINITY;
  if (step === undefined) {
    const before = steps.slice(0, place.step === undefined ? steps.length : steps.indexOf(place.step)).map((one) => one.id);
    const hint = stepOfOtherJob(name, outline) ?? suggest(name, before.length > 0 ? before : stepIds.keys());
    return { problem: `there is no step "${shorten(name)}" in this job`, hint };
  }
  if (step.index === until) return { problem: `the step "${step.id}" cannot read itself`, hint: place.field === 'step-outputs' ? 'what it returned is in "result"' : 'a step reads the steps before it' };
  if (step.index > until) return laterStep(step, path.slice(1), where);
  const found = unknownName(member, STEP_MEMBERS, { says: 'a step has no' });
  return found ?? (isOutputs(member) ? outputOfStep(step, rest, where) : undefined);
}

function isOutputs(member: string | number | null | undefined): boolean {
  return typeof member === 'string' && member.toLowerCase() === 'outputs';
}

function outputOfStep(step: StepOutline, path: Path, where: Where): ReferenceProblem | undefined {
  if (step.outputs !== undefined) return unknownName(path[0], step.outputs, { says: `the step "${step.id}" has no output` });
  return outputOfCommand(step, path, where);
}

/** A gate that sends a job back is read by the steps it sends back: what it decided the time before. */
function laterStep(step: StepOutline, path: Path, where: Where): ReferenceProblem | undefined {
  const later = { problem: `the step "${step.id}" runs later than this one`, hint: 'a step reads the steps before it: move it up' };
  const [member, ...rest] = path;
  const { step: reader, job } = where.place;
  if (reader === undefined || reader.hook !== undefined || job === undefined || reader.index < restartsFrom(step, job)) return later;
  if (member !== undefined && member !== null && !isOutputs(member)) {
    return { problem: `the step "${step.id}" runs later than this one, and only its outputs of the time before can be read`, hint: `read steps.${step.id}.outputs` };
  }
  return outputOfStep(step, rest, where);
}

function stepOfOtherJob(name: string, outline: Outline): string | undefined {
  for (const job of outline.jobs?.values() ?? []) {
    if (job.stepIds.has(name)) return `it is a step of the job "${job.key}": need that job and read needs.${job.key}.outputs.<name>`;
  }
  return undefined;
}

/** Against the output schema of the step's command. A script can give any output. */
function outputOfCommand(step: StepOutline, path: Path, where: Where): ReferenceProblem | undefined {
  const shape = where.shapeOf(step);
  const unknown = shape === undefined ? undefined : unknownProperty(shape.output, path);
  if (unknown === undefined) return undefined;
  const inside = path.slice(0, unknown.at).join('.');
  const what = inside === '' ? `"${step.uses ?? ''}" gives no output` : `"${inside}" of "${step.uses ?? ''}" has no`;
  return { problem: `${what} "${shorten(unknown.name)}"`, hint: suggest(unknown.name, unknown.known) };
}
