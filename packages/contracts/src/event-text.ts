import type { RunEventBody } from './event.js';
import type { RunPlan } from './plan.js';

type Jobs = RunPlan['jobs'];

/** How many jobs of plans are kept for the next run, and how many characters of them in all: each is looked for in the text of that run. */
const MOST_KEPT = 32;
const KEPT_CHARACTERS = 1_048_576;
/** Stands for them while the rest is read. No plan has it. */
const PLACE = '[null]';

/** What an event looks like that a run is created with, alone or before others. */
const OPENING = /^\[?\{"type":"run\.started"/;

const texts = new WeakMap<Jobs, string>();
/** The jobs that were written or read last, by their text as a member of a plan. The newest is the last one. */
const known = new Map<string, Jobs>();
let keptCharacters = 0;

/**
 * An event as JSON. The jobs of a plan, most of what a run is created with, depend on its document alone: they are made text once for all runs that
 * share them.
 */
export function toEventText(event: RunEventBody): string {
  if (event.type !== 'run.started') return JSON.stringify(event);
  const { plan, ...others } = event;
  const { jobs, ...rest } = plan;
  return withMember(JSON.stringify(others), 'plan', withMember(JSON.stringify(rest), 'jobs', textOf(jobs)));
}

/**
 * Reads an event, or a list of them, as `JSON.parse` does, and fails as that does. Runs whose plans have the same jobs share them: they are parsed once, and
 * so is done once what is kept with them. Nobody may change them.
 */
export function parseEventText(text: string): unknown {
  if (!OPENING.test(text)) return JSON.parse(text);
  for (const [member, jobs] of [...known].reverse()) {
    const at = text.indexOf(member);
    if (at < 0) continue;
    const value: unknown = JSON.parse(`${text.slice(0, at)}${memberOf(PLACE)}${text.slice(at + member.length)}`);
    const plan = planOf(value);
    // The same text can stand elsewhere, in what a trigger brought.
    if (plan === undefined || !isPlace(plan.jobs)) continue;
    plan.jobs = jobs;
    keep(member, jobs);
    return value;
  }
  const value: unknown = JSON.parse(text);
  const jobs = planOf(value)?.jobs;
  if (jobs !== undefined && jobs.length > 0) textOf(jobs);
  return value;
}

function textOf(jobs: Jobs): string {
  let text = texts.get(jobs);
  if (text === undefined) {
    text = JSON.stringify(jobs);
    texts.set(jobs, text);
    keep(memberOf(text), jobs);
  }
  return text;
}

function keep(member: string, jobs: Jobs): void {
  if (member.length > KEPT_CHARACTERS) return;
  if (known.delete(member)) keptCharacters -= member.length;
  known.set(member, jobs);
  keptCharacters += member.length;
  for (const oldest of known.keys()) {
    if (known.size <= MOST_KEPT && keptCharacters <= KEPT_CHARACTERS) return;
    known.delete(oldest);
    keptCharacters -= oldest.length;
  }
}

function memberOf(jobs: string): string {
  return `"jobs":${jobs}`;
}

/** Puts one more member at the end of an object that has some. */
function withMember(object: string, name: string, value: string): string {
  return `${object.slice(0, -1)},"${name}":${value}}`;
}

/** The plan of the first event; `undefined` when it has none that can be read. */
function planOf(value: unknown): { jobs: Jobs } | undefined {
  const first = (Array.isArray(value) ? (value as unknown[])[0] : value) as { readonly plan?: { jobs?: unknown } | null } | null | undefined;
  const plan = first?.plan;
  return typeof plan === 'object' && plan !== null && Array.isArray(plan.jobs) ? (plan as { jobs: Jobs }) : undefined;
}

function isPlace(jobs: readonly unknown[]): boolean {
  return jobs.length === 1 && jobs[0] === null;
}
