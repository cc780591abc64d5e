import { type DocumentPath, type Finding, isJsonObject, type JsonObject, type JsonValue, LIMITS } from '@kb-labs/contracts';
import { DEFAULT_TIME_ZONE, isTimeZone, nearestTimeZone, patternProblem, readCron } from '@kb-labs/triggers';

import { shorten } from './build-tree.js';
import { mappingAt, type Outline, valueAt } from './outline.js';
import { report } from './report.js';

/** What of `on:` could never start a run, or could start it in two ways at once. */
export function* checkTriggers(outline: Outline): Generator<Finding> {
  const on = mappingAt(outline.data, 'on');
  yield* checkPush(mappingAt(on, 'push'), ['on', 'push']);
  yield* checkSchedules(valueAt(on, 'schedule'), ['on', 'schedule']);
  yield* checkWebhooks(valueAt(on, 'webhook'), ['on', 'webhook']);
  yield* checkInputsGiven(outline.data, on);
}

const FILTERS = [
  { key: 'branches', kind: 'ref' },
  { key: 'tags', kind: 'ref' },
  { key: 'paths', kind: 'path' },
] as const;

function* checkPush(push: JsonObject, path: DocumentPath): Generator<Finding> {
  for (const { key, kind } of FILTERS) {
    const ignoring = `${key}-ignore`;
    if (Object.hasOwn(push, key) && Object.hasOwn(push, ignoring)) {
      const problem = `"${key}" and "${ignoring}" do not go together`;
      yield report('INVALID_VALUE', [...path, ignoring], { details: { problem }, hint: `write what to leave out into "${key}", with "!" before it`, atKey: true });
    }
    for (const name of [key, ignoring]) yield* checkPatterns(valueAt(push, name), [...path, name], kind);
  }
}

function* checkPatterns(list: JsonValue | undefined, path: DocumentPath, kind: 'ref' | 'path'): Generator<Finding> {
  // Of a list that is too long, that is what there is to say.
  if (!Array.isArray(list) || list.length > LIMITS.patterns) return;
  const patterns = list.filter((item) => typeof item === 'string' && item !== '' && item.length <= LIMITS.patternLength);
  const ignores = String(path.at(-1)).endsWith('-ignore');
  for (const [index, pattern] of list.entries()) {
    if (typeof pattern !== 'string' || !patterns.includes(pattern)) continue;
    const at = [...path, index];
    const found = patternProblem(pattern, kind);
    if (found !== undefined) {
      yield report('INVALID_VALUE', at, { details: { problem: `the pattern ${JSON.stringify(shorten(pattern))}: ${found.problem}` }, hint: found.hint, offset: found.offset });
    } else if (ignores && pattern.startsWith('!')) {
      yield report('INVALID_VALUE', at, { details: { problem: 'a list of what to ignore has no exceptions' }, hint: `write what to listen to into "${String(path.at(-1)).slice(0, -'-ignore'.length)}"` });
    } else if (list.indexOf(pattern) < index && list.slice(list.indexOf(pattern) + 1, index).every((other) => typeof other !== 'string' || !other.startsWith('!'))) {
      yield report('INVALID_VALUE', at, { details: { problem: `the pattern ${JSON.stringify(shorten(pattern))} is there twice` }, hint: 'remove one of them' });
    }
  }
  if (ignores || patterns.length === 0 || patterns.length < list.length || !patterns.every((pattern) => String(pattern).startsWith('!'))) return;
  yield report('INVALID_VALUE', path, { details: { problem: 'nothing is let in that "!" could take out' }, hint: `write them into "${String(path.at(-1))}-ignore", without "!", or put "**" first`, atKey: true });
}

function* checkSchedules(list: JsonValue | undefined, path: DocumentPath): Generator<Finding> {
  if (!Array.isArray(list) || list.length > LIMITS.schedules) return;
  const seen = new Set<string>();
  for (const [index, entry] of list.entries()) {
    if (!isJsonObject(entry)) continue;
    const cron = valueAt(entry, 'cron');
    const timezone = valueAt(entry, 'timezone');
    if (typeof timezone === 'string' && timezone !== '' && timezone.length <= LIMITS.timezoneLength && !isTimeZone(timezone)) {
      const nearest = nearestTimeZone(timezone);
      const hint = nearest === undefined ? 'write a name of the IANA database: "Europe/Vienna"' : `did you mean "${nearest}"?`;
      yield report('INVALID_VALUE', [...path, index, 'timezone'], { details: { problem: `there is no time zone ${JSON.stringify(shorten(timezone))}` }, hint });
    }
    if (typeof cron !== 'string' || cron === '' || cron.length > LIMITS.cronLength) continue;
    const read = readCron(cron);
    for (const { problem, hint, offset } of read.ok ? [] : read.problems) yield report('INVALID_VALUE', [...path, index, 'cron'], { details: { problem }, hint, offset });
    const key = `${read.ok ? read.cron.text : cron} ${typeof timezone === 'string' ? timezone.toLowerCase() : DEFAULT_TIME_ZONE.toLowerCase()}`;
    if (read.ok && seen.has(key)) {
      yield report('INVALID_VALUE', [...path, index, 'cron'], { details: { problem: 'this schedule is there twice' }, hint: 'remove one of them: each time starts one run' });
    }
    seen.add(key);
  }
}

function* checkWebhooks(written: JsonValue | undefined, path: DocumentPath): Generator<Finding> {
  const entries = Array.isArray(written) ? written.map((entry, index) => ({ entry, at: [...path, index] })) : [{ entry: written, at: path }];
  if (entries.length > LIMITS.webhooks) return;
  const seen = new Set<string>();
  for (const { entry, at } of entries) {
    if (!isJsonObject(entry)) continue;
    yield* checkDoubles(valueAt(entry, 'events'), [...at, 'events'], 'event');
    yield* checkDoubles(valueAt(entry, 'secret'), [...at, 'secret'], 'secret');
    if (valueAt(entry, 'source') === 'generic' && Object.hasOwn(entry, 'events') && !Object.hasOwn(entry, 'event-header')) {
      const problem = 'it is not said where a request names its event';
      yield report('INVALID_VALUE', [...at, 'events'], { details: { problem }, hint: 'name the header in "event-header", or remove "events"', atKey: true });
    }
    const key = JSON.stringify(entry);
    if (seen.has(key)) yield report('INVALID_VALUE', at, { details: { problem: 'this webhook is there twice' }, hint: 'remove one of them' });
    seen.add(key);
  }
}

function* checkDoubles(list: JsonValue | undefined, path: DocumentPath, called: string): Generator<Finding> {
  if (!Array.isArray(list) || list.length > LIMITS.events) return;
  for (const [index, item] of list.entries()) {
    if (typeof item !== 'string' || list.indexOf(item) === index) continue;
    yield report('INVALID_VALUE', [...path, index], { details: { problem: `the ${called} ${JSON.stringify(shorten(item))} is there twice` }, hint: 'remove one of them' });
  }
}

const UNATTENDED = [
  { key: 'workflow', when: 'when the end of a workflow starts this one', instead: 'read what ended from trigger.payload' },
  { key: 'push', when: 'when a push starts this workflow', instead: 'read what came from trigger.branch, trigger.tag and trigger.sha' },
  { key: 'schedule', when: 'when its time starts this workflow', instead: 'read the time from trigger.schedule' },
  { key: 'webhook', when: 'when a webhook starts this workflow', instead: 'read what was sent from trigger.payload' },
] as const;

/** An error and not a warning: every run that nobody is there to give inputs to would be refused, unseen. */
function* checkInputsGiven(data: JsonObject, on: JsonObject): Generator<Finding> {
  const how = UNATTENDED.find(({ key }) => Object.hasOwn(on, key));
  if (how === undefined) return;
  for (const [name, input] of Object.entries(mappingAt(data, 'inputs'))) {
    if (!isJsonObject(input) || valueAt(input, 'required') !== true || Object.hasOwn(input, 'default')) continue;
    const problem = `nobody gives the input "${shorten(name)}" ${how.when}`;
    yield report('INVALID_VALUE', ['inputs', name, 'required'], { details: { problem }, hint: `give it a default, and ${how.instead}` });
  }
}
