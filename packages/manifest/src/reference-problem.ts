import { parseUses } from '@kb-labs/contracts';
import type { Reference } from '@kb-labs/expressions';

import { shorten } from './build-tree.js';
import type { ShapeLookup } from './command-shape.js';
import type { ExpressionPlace } from './expression-places.js';
import { Names } from './names.js';
import type { JobOutline, Outline, StepOutline } from './outline.js';
import { suggest } from './report.js';
import { envAt, type EnvLevel, ROOMS } from './rooms.js';
import { unknownProperty } from './schema-properties.js';

/** What is wrong with a reference or call, for a message. */
export interface ReferenceProblem {
  readonly problem: string;
  readonly hint?: string | undefined;
}

interface Where {
  readonly outline: Outline;
  readonly place: ExpressionPlace;
  readonly lookup: ShapeLookup;
}

type Path = Reference['path'];

/** Members of the contexts that are the same in every workflow. Deeper values are data. */
const FIXED: Readonly<Record<string, Names>> = {
  trigger: Names.of(['type', 'actor', 'payload', 'branch', 'tag', 'sha']),
  run: Names.of(['id', 'createdAt']),
  workflow: Names.of(['id', 'name', 'version', 'digest']),
};

/** What does not exist about a reference at its place; `undefined` when it does or cannot be known. */
export function referenceProblem(reference: Reference, where: Where): ReferenceProblem | undefined {
  const room = ROOMS[where.place.field];
  const { root, path } = reference;
  if (!room.contexts.includes(root)) return unknownContext(root, where.place);
  switch (root) {
    case 'inputs':
      return unknownName(path[0], where.outline.inputs, { says: 'there is no input', hint: 'declare it under "inputs"' });
    case 'env':
      return unknownVariable(path[0], where);
    case 'needs':
      return needsProblem(path, where);
    case 'jobs':
      return jobsProblem(path, where);
    case 'steps':
      return stepsProblem(path, where);
    case 'result':
      return where.place.step === undefined ? undefined : outputOfCommand(where.place.step, path, where.lookup);
    default: {
      const names = Object.hasOwn(FIXED, root) ? FIXED[root] : undefined;
      return names === undefined ? undefined : unknownName(path[0], names, { says: `"${root}" has no` });
    }
  }
}

/** Names of contexts elsewhere, and what stands for them here. */
const FOREIGN: Readonly<Record<string, string>> = {
  github: 'what started the run is in "trigger": trigger.branch, trigger.sha, trigger.payload',
  event: 'what started the run is in "trigger": trigger.payload',
  job: 'jobs this one needs are in "needs", steps before this one in "steps"',
};

function unknownContext(root: string, place: ExpressionPlace): ReferenceProblem {
  const room = ROOMS[place.field];
  const hint = hintForContext(root, place) ?? suggest(root, room.contexts);
  const exists = ['needs', 'jobs', 'steps', 'result', 'env'].includes(root);
  return { problem: exists ? `"${root}" does not exist ${room.called}` : `there is no context "${shorten(root)}"`, hint };
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
    case 'result':
      return 'what a step returned is read in its own "outputs"; later steps read steps.<id>.outputs.<name>';
    default:
      return Object.hasOwn(FOREIGN, root.toLowerCase()) ? FOREIGN[root.toLowerCase()] : undefined;
  }
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

function isSet({ names, before }: EnvLevel, name: string): boolean {
  const index = names?.indexOf(name);
  return index !== undefined && (before === undefined || index < before);
}

function needsProblem(path: Path, { outline, place }: Where): ReferenceProblem | undefined {
  const [key, ...rest] = path;
  const { job } = place;
  if (job === undefined || key === undefined || key === null) return undefined;
  const needed = job.needs.find(String(key));
  return needed === undefined ? notNeeded(String(key), job, outline) : jobMember(needed, rest, outline);
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

function jobMember(name: string, path: Path, outline: Outline): ReferenceProblem | undefined {
  const [member, output] = path;
  const found = unknownName(member, JOB_MEMBERS, { says: 'a job has no' });
  if (found !== undefined || typeof member !== 'string' || member.toLowerCase() !== 'outputs') return found;
  return unknownName(output, outline.jobs?.get(name)?.outputs, { says: `the job "${shorten(name)}" has no output`, hint: `declare it under "outputs" of the job "${shorten(name)}"` });
}

const STEP_MEMBERS = Names.of(['outputs', 'outcome', 'conclusion', 'status']);

function stepsProblem(path: Path, { outline, place, lookup }: Where): ReferenceProblem | undefined {
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
  if (step.index > until) return { problem: `the step "${step.id}" runs later than this one`, hint: 'a step reads the steps before it: move it up' };
  const found = unknownName(member, STEP_MEMBERS, { says: 'a step has no' });
  if (found !== undefined || typeof member !== 'string' || member.toLowerCase() !== 'outputs') return found;
  if (step.outputs !== undefined) return unknownName(rest[0], step.outputs, { says: `the step "${step.id}" has no output` });
  return outputOfCommand(step, rest, lookup);
}

function stepOfOtherJob(name: string, outline: Outline): string | undefined {
  for (const job of outline.jobs?.values() ?? []) {
    if (job.stepIds.has(name)) return `it is a step of the job "${job.key}": need that job and read needs.${job.key}.outputs.<name>`;
  }
  return undefined;
}

/** Against the output schema of the step's command. A script can give any output. */
function outputOfCommand(step: StepOutline, path: Path, lookup: ShapeLookup): ReferenceProblem | undefined {
  const uses = step.uses === undefined ? undefined : parseUses(step.uses);
  const shape = uses === undefined ? undefined : lookup(uses);
  const unknown = shape === undefined ? undefined : unknownProperty(shape.output, path);
  if (unknown === undefined) return undefined;
  const inside = path.slice(0, unknown.at).join('.');
  const what = inside === '' ? `"${step.uses ?? ''}" gives no output` : `"${inside}" of "${step.uses ?? ''}" has no`;
  return { problem: `${what} "${shorten(unknown.name)}"`, hint: suggest(unknown.name, unknown.known) };
}
