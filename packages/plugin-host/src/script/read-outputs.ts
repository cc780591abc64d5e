import { INPUT_NAME, isJsonObject, type JsonObject, type JsonValue, LIMITS } from '@kb-labs/contracts';

import { isTooDeep, outputProblem } from './output-problem.js';

/** What the engine itself says about a script. Compared without case, as expressions look names up. */
const ENGINE_OWNED = new Map([['stdout', 'stdout'], ['stderr', 'stderr'], ['exitcode', 'exitCode']]);

export type ReadOutputs =
  | { readonly ok: true; readonly values: JsonObject }
  | { readonly ok: false; readonly line: number; readonly problem: string };

/**
 * Reads what a script wrote to `$KB_OUTPUT`. Lines end with LF or CR LF; blank ones count for nothing.
 *
 * - `name=value`: the text after the first `=`.
 * - `name<<END`, lines, `END`: those lines as they are, without the last line end. `END` is any text of the author's choice.
 * - `{"name": …}`: each member of a JSON object, with its type.
 *
 * A name written again replaces. A name is a letter or `_`, then letters, digits, `_` and `-`, 64 in all; `stdout`,
 * `stderr` and `exitCode` are the engine's in every spelling. The first line that is none of these is the problem.
 * Problems do not quote what they found: a line that is not understood is often half of a secret.
 */
export function readOutputs(text: string): ReadOutputs {
  const lines = text.split('\n');
  const values = new Map<string, JsonValue>();
  for (let at = 0; at < lines.length; ) {
    const line = withoutReturn(lines[at] ?? '');
    const read = line.trim() === '' ? NOTHING : line.startsWith('{') ? readObject(line) : readEntry(lines, at, line);
    const problem = 'problem' in read ? read.problem : firstProblem(read.entries);
    if (problem !== undefined || 'problem' in read) return { ok: false, line: at + 1, problem: problem ?? '' };
    for (const [name, value] of read.entries) values.set(name, value);
    at += read.lines;
  }
  // `fromEntries` defines properties: a name that every object inherits is a name like any other.
  return { ok: true, values: Object.fromEntries(values) };
}

type Read = { readonly entries: readonly (readonly [string, JsonValue])[]; readonly lines: number } | { readonly problem: string };

const NOTHING: Read = { entries: [], lines: 1 };

function readObject(line: string): Read {
  if (isTooDeep(line)) return { problem: `this is nested deeper than ${String(LIMITS.valueDepth)} levels` };
  let value: unknown;
  try {
    value = JSON.parse(line, /\d{16}/.test(line) ? refuseInexact : undefined);
  } catch (error) {
    return { problem: error instanceof InexactNumber ? error.message : 'this is not a JSON object in one line' };
  }
  const problem = outputProblem(value as JsonValue);
  if (problem !== undefined) return { problem };
  return isJsonObject(value) ? { entries: Object.entries(value), lines: 1 } : { problem: 'this is not a JSON object' };
}

function readEntry(lines: readonly string[], at: number, line: string): Read {
  const equals = line.indexOf('=');
  const block = line.indexOf('<<');
  if (block >= 0 && (equals < 0 || block < equals)) return readBlock(lines, at, { name: line.slice(0, block), end: line.slice(block + 2) });
  if (equals < 0) return { problem: 'this is neither name=value, nor name<<END, nor a JSON object' };
  return { entries: [[line.slice(0, equals), line.slice(equals + 1)]], lines: 1 };
}

function readBlock(lines: readonly string[], at: number, { name, end }: { name: string; end: string }): Read {
  if (end === '') return { problem: 'after << comes the line that ends the value' };
  for (let last = at + 1; last < lines.length; last += 1) {
    if (withoutReturn(lines[last] ?? '') !== end) continue;
    return { entries: [[name, withoutReturn(lines.slice(at + 1, last).join('\n'))]], lines: last - at + 1 };
  }
  return { problem: 'the line that ends this value never comes' };
}

function firstProblem(entries: readonly (readonly [string, JsonValue])[]): string | undefined {
  for (const [name, value] of entries) {
    if (!INPUT_NAME.test(name) || name === '__proto__') return 'an output is named by a letter or "_", then letters, digits, "_" and "-", 64 at the most';
    const owned = ENGINE_OWNED.get(name.toLowerCase());
    if (owned !== undefined) return `the output ${owned} is the engine's`;
    if (typeof value === 'string' && !value.isWellFormed()) return 'the value holds half of a surrogate pair';
  }
  return undefined;
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

class InexactNumber extends Error {
  override name = 'InexactNumber';
}

/** Whole numbers past 2^53 would silently become others. The third argument has the number as written (ECMA-262, JSON.parse source text access). */
function refuseInexact(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value === 'number' && /^-?\d+$/.test(context?.source ?? '') && !Number.isSafeInteger(value)) {
    throw new InexactNumber('a whole number past 2^53 loses its last digits: write it as a text');
  }
  return value;
}
