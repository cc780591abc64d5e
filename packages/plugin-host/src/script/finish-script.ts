import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

import { type JsonObject, LIMITS, type RunError } from '@kb-labs/contracts';
import { AppError, fromUnknown, messageOf, toRunError } from '@kb-labs/errors';

import type { TailBuffer } from '../process-tree/tail-buffer.js';
import { readOutputs } from './read-outputs.js';

/** Of each of stdout and stderr, the end that goes into the outputs; the log has all. */
export const TAIL_BYTES = 256 * 1024;
/** The file may be larger than what it says: a name written again replaces, and JSON can spell a character in six. */
const FILE_BYTES = 2 * LIMITS.outputBytes;

export interface Tails {
  readonly stdout: TailBuffer;
  readonly stderr: TailBuffer;
}

export interface Exit {
  readonly exitCode: number;
  readonly signal?: NodeJS.Signals;
}

export interface ScriptOutputs {
  readonly outputs: JsonObject;
  readonly error?: RunError;
}

/**
 * The outputs of a script that has ended: what it wrote to `$KB_OUTPUT`, and `stdout`, `stderr` and `exitCode` in the
 * room that is left of `LIMITS.outputBytes`. When the file cannot be accepted, those three and the error.
 */
export function scriptOutputs(file: string, exit: Exit, tails: Tails): ScriptOutputs {
  try {
    const written = readWritten(file);
    const bytes = jsonBytes({ ...written, ...engineOutputs(exit, tails, 0) });
    if (bytes > LIMITS.outputBytes) throw tooLarge(bytes);
    return { outputs: { ...written, ...engineOutputs(exit, tails, LIMITS.outputBytes - bytes) } };
  } catch (error) {
    return { outputs: engineOutputs(exit, tails, LIMITS.outputBytes), error: toRunError(fromUnknown(error)) };
  }
}

/** `roomBytes` is what the JSON of both texts may take beyond that of two empty ones. */
function engineOutputs({ exitCode }: Exit, { stdout, stderr }: Tails, roomBytes: number): JsonObject {
  const each = Math.min(TAIL_BYTES, Math.floor(roomBytes / 2)) + EMPTY_BYTES;
  return { stdout: stdout.text(each), stderr: stderr.text(each), exitCode };
}

const EMPTY_BYTES = jsonBytes('');

export function exitError({ exitCode, signal }: Exit): RunError {
  if (signal === undefined) return toRunError(new AppError('EXIT_CODE', { exitCode }));
  const hint = signal === 'SIGKILL' ? { hint: 'the system ends a program so when memory runs out' } : {};
  return { code: 'EXIT_CODE', message: `${messageOf('EXIT_CODE', { exitCode })}: the signal ${signal} ended it`, ...hint, details: { signal } };
}

/** The script may have put anything in place of the file: only a plain one is read. A missing one says nothing. */
function readWritten(file: string): JsonObject {
  const descriptor = openPlain(file);
  if (descriptor === undefined) return {};
  try {
    const { size } = fstatSync(descriptor);
    if (size === 0) return {};
    if (size > FILE_BYTES) throw tooLarge(size);
    const read = readOutputs(decode(readFileSync(descriptor)));
    if (read.ok) return read.values;
    throw new AppError('OUTPUT_INVALID', { problem: `line ${String(read.line)} of $KB_OUTPUT: ${read.problem}`, line: read.line });
  } finally {
    closeSync(descriptor);
  }
}

function openPlain(file: string): number | undefined {
  const refused = new AppError('OUTPUT_INVALID', { problem: '$KB_OUTPUT is no longer a plain file that can be read' });
  let descriptor: number;
  try {
    // Without waiting: a named pipe in its place would never open.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw refused;
  }
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw refused;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new AppError('OUTPUT_INVALID', { problem: '$KB_OUTPUT is not UTF-8 text' });
  }
}

function tooLarge(bytes: number): AppError {
  return new AppError('OUTPUT_TOO_LARGE', { bytes, limit: LIMITS.outputBytes });
}

function jsonBytes(value: JsonObject | string): number {
  return Buffer.byteLength(JSON.stringify(value));
}
