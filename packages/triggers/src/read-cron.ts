import type { TextProblem } from './push-pattern.js';

/** A cron expression, read. */
export interface Cron {
  /** The same with numbers for names: what stands for it where names are not known. */
  readonly text: string;
  readonly minute: CronField;
  readonly hour: CronField;
  readonly day: CronField;
  readonly month: CronField;
  /** 0 is Sunday. */
  readonly weekday: CronField;
}

export interface CronField {
  /** In order. */
  readonly values: readonly number[];
  /** Whether it is `*`. */
  readonly every: boolean;
}

export type ReadCron = { readonly ok: true; readonly cron: Cron } | { readonly ok: false; readonly problems: readonly TextProblem[] };

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

interface FieldKind {
  readonly called: string;
  readonly from: number;
  readonly to: number;
  /** Stand for numbers from `from` on. */
  readonly names?: readonly string[];
}

const MINUTE: FieldKind = { called: 'minute', from: 0, to: 59 };
const HOUR: FieldKind = { called: 'hour', from: 0, to: 23 };
const DAY: FieldKind = { called: 'day of month', from: 1, to: 31 };
const MONTH: FieldKind = { called: 'month', from: 1, to: 12, names: MONTHS };
const WEEKDAY: FieldKind = { called: 'day of week', from: 0, to: 7, names: WEEKDAYS };

/**
 * Reads a cron expression as POSIX has it (`crontab`), with steps and names of months and days besides: exactly five
 * fields, each `*`, `*` with a step, or a list of numbers and of ranges with or without a step. A time fits when minute,
 * hour and month do, and the day: by the day of the month or the day of the week, whichever is limited; when both are,
 * one of them is enough. Reports one problem for each field, and an expression that no date ever fits.
 */
export function readCron(text: string): ReadCron {
  const fields = [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], offset: match.index }));
  const [minute, hour, day, month, weekday] = fields;
  if (minute === undefined || hour === undefined || day === undefined || month === undefined || weekday === undefined || fields.length !== 5) {
    return { ok: false, problems: [notFive(text, fields.length)] };
  }
  const problems: TextProblem[] = [];
  const read = (field: WrittenField, kind: FieldKind): Field => {
    const result = readField(field, kind);
    if ('problem' in result) problems.push(result);
    return 'problem' in result ? { text: field.text, values: [], every: false } : result;
  };
  const parts = [read(minute, MINUTE), read(hour, HOUR), read(day, DAY), read(month, MONTH), read(weekday, WEEKDAY)] as const;
  if (problems.length > 0) return { ok: false, problems };
  const [minutes, hours, days, months, weekdays] = parts;
  const never = neverFits(days, months, weekdays);
  if (never) return { ok: false, problems: [{ problem: 'there is no such date: it would never start', hint: 'look at the day and the month', offset: day.offset }] };
  return { ok: true, cron: { text: parts.map((part) => part.text).join(' '), minute: minutes, hour: hours, day: days, month: months, weekday: weekdays } };
}

function notFive(text: string, found: number): TextProblem {
  const nickname = NICKNAMES[text.trim().toLowerCase()];
  if (nickname !== undefined) return { problem: 'a schedule has five fields', hint: `write "${nickname}"`, offset: 0 };
  const hint = found === 6 ? 'minute, hour, day of month, month, day of week: there are no seconds and no years' : 'minute, hour, day of month, month, day of week: "0 9 * * 1-5"';
  return { problem: `a schedule has five fields, this one has ${String(found)}`, hint, offset: 0 };
}

interface WrittenField {
  readonly text: string;
  readonly offset: number;
}

interface Field extends CronField {
  readonly text: string;
}

function readField(field: WrittenField, kind: FieldKind): Field | TextProblem {
  if (field.text === '*') return { text: '*', values: all(kind), every: true };
  const values = new Set<number>();
  const texts: string[] = [];
  let { offset } = field;
  for (const item of field.text.split(',')) {
    const read = readItem(item, kind);
    if ('problem' in read) return { ...read, offset };
    texts.push(read.text);
    for (const value of read.values) values.add(kind === WEEKDAY ? value % 7 : value);
    offset += item.length + 1;
  }
  return { text: texts.join(','), values: [...values].sort((a, b) => a - b), every: false };
}

type Item = { readonly text: string; readonly values: readonly number[] } | Omit<TextProblem, 'offset'>;

function readItem(item: string, kind: FieldKind): Item {
  const match = /^(?:(\*)|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d+))?$/i.exec(item);
  if (match === null) return notUnderstood(item, kind);
  const [, star, first, last, step] = match;
  const every = step === undefined ? 1 : Number(step);
  const size = all(kind).length;
  if (every < 1 || every > size) return { problem: `a step in "${kind.called}" is from 1 to ${String(size)}` };
  const suffix = step === undefined ? '' : `/${step}`;
  if (star !== undefined) return { text: `*${suffix}`, values: range(kind.from, kind === WEEKDAY ? 6 : kind.to, every) };
  const from = numberOf(first ?? '', kind);
  const to = last === undefined ? from : numberOf(last, kind);
  if (typeof from === 'object') return from;
  if (typeof to === 'object') return to;
  if (last === undefined && step !== undefined) return { problem: `"${item}" starts but does not end`, hint: `write "${String(from)}-${String(kind.to)}/${step}"` };
  // A week can end with its Sunday.
  const end = kind === WEEKDAY && to === 0 && from > 0 ? 7 : to;
  if (from > end) return { problem: `"${item}" goes backwards`, hint: `write "${String(from)}-${String(kind === WEEKDAY ? 6 : kind.to)},${String(kind.from)}-${String(end)}"` };
  return { text: last === undefined ? String(from) : `${String(from)}-${String(end)}${suffix}`, values: range(from, end, every) };
}

function notUnderstood(item: string, kind: FieldKind): Omit<TextProblem, 'offset'> {
  if (item === '') return { problem: `a value is missing in "${kind.called}"` };
  const hint = /[LW#?]/i.test(item) ? '"L", "W", "#" and "?" are not known: name the days, or ask for the date in an "if"' : 'write "*", "5", "1-5", "*/15" or a list of these';
  return { problem: `"${item}" is not understood in "${kind.called}"`, hint };
}

function numberOf(text: string, kind: FieldKind): number | Omit<TextProblem, 'offset'> {
  const named = kind.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + kind.from;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= kind.from && value <= kind.to) return value;
  const names = kind.names === undefined ? '' : `, or ${(kind.names[0] ?? '').toUpperCase()} to ${(kind.names.at(-1) ?? '').toUpperCase()}`;
  return { problem: `"${text}" is no ${kind.called}`, hint: `from ${String(kind.from)} to ${String(kind.to)}${names}` };
}

function all(kind: FieldKind): number[] {
  return range(kind.from, kind === WEEKDAY ? 6 : kind.to, 1);
}

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

/** Every month has every weekday: only days of a month can be missing from all months asked for. */
function neverFits(day: CronField, month: CronField, weekday: CronField): boolean {
  if (day.every || !weekday.every) return false;
  const first = day.values[0] ?? 1;
  return month.values.every((one) => first > (one === 2 ? 29 : [4, 6, 9, 11].includes(one) ? 30 : 31));
}
