import { setImmediate } from 'node:timers/promises';

import { INPUT_NAME, isJsonObject, type JsonObject, LIMITS } from '@kb-labs/contracts';

import { type ByteSource, FileLines, type LinePlace } from './file-lines.js';
import { KeptOutputs } from './kept-outputs.js';
import { outputProblem } from './output-problem.js';
import { scanJson } from './scan-json.js';

/** What the engine itself says about a script. Compared without case, as expressions look names up. */
const ENGINE_OWNED = new Map([['stdout', 'stdout'], ['stderr', 'stderr'], ['exitcode', 'exitCode']]);
/** Others get their turn after this many pieces of the file. */
const PIECES_AT_ONCE = 8;

export type ReadOutputs =
  /** `bytes`: of the values as JSON text. */
  | { readonly kind: 'read'; readonly values: JsonObject; readonly bytes: number }
  | { readonly kind: 'refused'; readonly line: number; readonly problem: string }
  /** At least these bytes of a line or of all values, more than `LIMITS.rawOutputBytes`. */
  | { readonly kind: 'too-large'; readonly bytes: number };

/**
 * Reads what a script wrote to `$KB_OUTPUT`: UTF-8, in lines that end with LF or CR LF; blank ones count for nothing.
 *
 * - `name=value`: the text after the first `=`.
 * - `name<<END`, lines, `END`: those lines as they are, without the last line end. `END` is any text of the author's choice.
 * - `{"name": …}`: each member of a JSON object, with its type.
 *
 * A name written again replaces. A name is a letter or `_`, then letters, digits, `_` and `-`, 64 in all; `stdout`,
 * `stderr` and `exitCode` are the engine's in every spelling. The first line that is none of these is the problem.
 * Problems do not quote what they found: a line that is not understood is often half of a secret.
 *
 * Only the values are kept, and one line beside them: of a file that replaces a value over and over, one value.
 */
export async function readOutputs(source: ByteSource): Promise<ReadOutputs> {
  const lines = new FileLines(source);
  const reading: Reading = { lines, kept: new KeptOutputs(), block: undefined };
  let due = PIECES_AT_ONCE;
  for (let place = lines.next(); place !== undefined; place = lines.next()) {
    const refusal = readLine(reading, place) ?? limitsOf(reading.kept);
    if (refusal !== undefined) return 'bytes' in refusal ? { kind: 'too-large', ...refusal } : { kind: 'refused', line: lines.number, ...refusal };
    if (lines.pieces < due) continue;
    due = lines.pieces + PIECES_AT_ONCE;
    await setImmediate();
  }
  if (reading.block !== undefined) return { kind: 'refused', line: reading.block.line, problem: 'the line that ends this value never comes' };
  return { kind: 'read', values: reading.kept.toObject(), bytes: reading.kept.bytes };
}

type Refusal = { readonly problem: string; readonly line?: number } | { readonly bytes: number };

interface Reading {
  readonly lines: FileLines;
  readonly kept: KeptOutputs;
  block: Block | undefined;
}

/** `name<<END` whose end has not come yet. */
interface Block {
  readonly name: string;
  /** Of the line that begins it. */
  readonly line: number;
  /** The line that ends it, in both spellings. */
  readonly ends: readonly Uint8Array[];
  /** All lines by now. */
  readonly place: LinePlace | undefined;
}

function limitsOf(kept: KeptOutputs): Refusal | undefined {
  if (kept.bytes > LIMITS.rawOutputBytes) return { bytes: kept.bytes };
  return kept.values > LIMITS.outputValues ? { problem: `these are more than ${String(LIMITS.outputValues)} values: write them to a file of $KB_ARTIFACTS` } : undefined;
}

function readLine(reading: Reading, place: LinePlace): Refusal | undefined {
  if (lengthOf(place) > LIMITS.rawOutputBytes) return { bytes: lengthOf(place) };
  if (reading.block !== undefined) return readBlock(reading, reading.block, place);
  const read = reading.lines.read(place, (bytes) => {
    const text = textOf(bytes, place);
    return text?.startsWith('{') === true ? { text, problem: scanJson(bytes) } : { text };
  });
  if (read.text === undefined) return NO_TEXT;
  if (read.problem !== undefined) return { problem: read.problem };
  if (read.text.startsWith('{')) return keepObject(reading.kept, read.text);
  return read.text.trim() === '' ? undefined : readEntry(reading, read.text);
}

function readEntry(reading: Reading, line: string): Refusal | undefined {
  const equals = line.indexOf('=');
  const mark = line.indexOf('<<');
  if (mark < 0 || (equals >= 0 && equals < mark)) {
    return equals < 0 ? { problem: 'this is neither name=value, nor name<<END, nor a JSON object' } : keepText(reading.kept, line.slice(0, equals), line.slice(equals + 1));
  }
  const end = line.slice(mark + 2);
  if (end === '') return { problem: 'after << comes the line that ends the value' };
  reading.block = { name: line.slice(0, mark), line: reading.lines.number, ends: [Buffer.from(end), Buffer.from(`${end}\r`)], place: undefined };
  return undefined;
}

function readBlock(reading: Reading, block: Block, place: LinePlace): Refusal | undefined {
  const { lines, kept } = reading;
  if (!block.ends.some((end) => end.length === lengthOf(place) && lines.read(place, (bytes) => Buffer.compare(end, bytes) === 0))) {
    const all = { start: block.place?.start ?? place.start, end: place.end };
    reading.block = { ...block, place: all };
    return lengthOf(all) > LIMITS.rawOutputBytes ? { bytes: lengthOf(all) } : undefined;
  }
  reading.block = undefined;
  const all = block.place;
  const text = all === undefined ? '' : lines.read(all, (bytes) => textOf(bytes, all));
  const refusal = text === undefined ? NO_TEXT : keepText(kept, block.name, text);
  return refusal === undefined ? undefined : { ...refusal, line: block.line };
}

function keepObject(kept: KeptOutputs, line: string): Refusal | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { problem: 'this is not a JSON object in one line' };
  }
  if (!isJsonObject(value)) return { problem: 'this is not a JSON object' };
  const problem = outputProblem(value);
  if (problem !== undefined) return { problem };
  const names = Object.keys(value);
  for (const name of names) {
    const refused = nameProblem(name);
    if (refused !== undefined) return refused;
  }
  for (const name of names) kept.set(name, value[name] ?? null);
  return undefined;
}

function keepText(kept: KeptOutputs, name: string, value: string): Refusal | undefined {
  const problem = nameProblem(name);
  if (problem === undefined) kept.set(name, value);
  return problem;
}

function nameProblem(name: string): Refusal | undefined {
  if (!INPUT_NAME.test(name) || name === '__proto__') return { problem: 'an output is named by a letter or "_", then letters, digits, "_" and "-", 64 at the most' };
  const owned = ENGINE_OWNED.get(name.toLowerCase());
  return owned === undefined ? undefined : { problem: `the output ${owned} is the engine's` };
}

const NO_TEXT: Refusal = { problem: 'this is not UTF-8 text' };
const FIRST = new TextDecoder('utf-8', { fatal: true });
/** A byte order mark is one only at the beginning of all. */
const LATER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Without the CR at its end. `undefined` when it is not UTF-8. */
function textOf(bytes: Uint8Array, { start }: LinePlace): string | undefined {
  try {
    const text = (start === 0 ? FIRST : LATER).decode(bytes);
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  } catch {
    return undefined;
  }
}

function lengthOf({ start, end }: LinePlace): number {
  return end - start;
}
