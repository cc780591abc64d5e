import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import { type JsonObject, LIMITS, type RunError } from '@kb-labs/contracts';
import { AppError, assertNever, fromUnknown, messageOf, toRunError } from '@kb-labs/errors';

import { outputsTooLarge } from '../outputs-too-large.js';
import type { TailBuffer } from '../process-tree/tail-buffer.js';
import { readOutputs } from './read-outputs.js';

/** Of each of stdout and stderr, the end that goes into the outputs; the log has all. */
export const TAIL_BYTES = 256 * 1024;
/** The file may be larger than what it says: a name written again replaces, and JSON can spell a character in six. */
const FILE_BYTES = 2 * LIMITS.rawOutputBytes;

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
 * The outputs of a script that has ended: what it wrote to `$KB_OUTPUT`, and `stdout`, `stderr` and `exitCode`. Both
 * texts are cut to the room that is left of `LIMITS.outputBytes`, so that all can be kept as it is; where that is not
 * possible in any case, to that of `LIMITS.rawOutputBytes`. When the file cannot be accepted, those three and the error.
 */
export async function scriptOutputs(file: string, exit: Exit, tails: Tails): Promise<ScriptOutputs> {
  try {
    const written = await readWritten(file);
    // The brackets of one object go, a comma between both comes.
    const bytes = written.bytes + jsonBytes(engineOutputs(exit, tails, 0)) - (written.bytes === EMPTY_OBJECT_BYTES ? 2 : 1);
    if (bytes > LIMITS.rawOutputBytes) throw outputsTooLarge(bytes, 'all');
    const limit = bytes > LIMITS.outputBytes ? LIMITS.rawOutputBytes : LIMITS.outputBytes;
    return { outputs: { ...written.values, ...engineOutputs(exit, tails, limit - bytes) } };
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
const EMPTY_OBJECT_BYTES = jsonBytes({});

export function exitError({ exitCode, signal }: Exit): RunError {
  if (signal === undefined) return toRunError(new AppError('EXIT_CODE', { exitCode }));
  const hint = signal === 'SIGKILL' ? { hint: 'the system ends a program so when memory runs out' } : {};
  return { code: 'EXIT_CODE', message: `${messageOf('EXIT_CODE', { exitCode })}: the signal ${signal} ended it`, ...hint, details: { signal } };
}

/** The script may have put anything in place of the file: only a plain one is read. A missing one says nothing. */
async function readWritten(file: string): Promise<Written> {
  const opened = openPlain(file);
  if (opened === undefined) return NOTHING;
  const { descriptor, size } = opened;
  try {
    if (size === 0) return NOTHING;
    if (size > FILE_BYTES) throw outputsTooLarge(size, 'all');
    const read = await readOutputs({ bytes: size, readInto: (target, at) => readFull(descriptor, target, at) });
    switch (read.kind) {
      case 'read':
        return read;
      case 'too-large':
        throw outputsTooLarge(read.bytes, 'counted');
      case 'refused':
        throw new AppError('OUTPUT_INVALID', { problem: `line ${String(read.line)} of $KB_OUTPUT: ${read.problem}`, line: read.line });
      default:
        return assertNever(read);
    }
  } finally {
    closeSync(descriptor);
  }
}

interface Written {
  readonly values: JsonObject;
  readonly bytes: number;
}

const NOTHING: Written = { values: {}, bytes: EMPTY_OBJECT_BYTES };

/** A read may give less than there is. */
function readFull(descriptor: number, target: Uint8Array, at: number): number {
  let filled = 0;
  while (filled < target.length) {
    const read = readSync(descriptor, target, filled, target.length - filled, at + filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

function openPlain(file: string): { readonly descriptor: number; readonly size: number } | undefined {
  let descriptor: number;
  try {
    // Without waiting: a named pipe in its place would never open.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw notPlain();
  }
  const found = fstatSync(descriptor);
  if (found.isFile()) return { descriptor, size: found.size };
  closeSync(descriptor);
  throw notPlain();
}

function notPlain(): AppError {
  return new AppError('OUTPUT_INVALID', { problem: '$KB_OUTPUT is no longer a plain file that can be read' });
}

function jsonBytes(value: JsonObject | string): number {
  return Buffer.byteLength(JSON.stringify(value));
}
