import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import type { ExecOptions, ExecResult, PluginExec } from '@kb-labs/contracts';

const BASE = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'];
const OUTPUT_BYTES = 16 * 1024 * 1024;

/** Programs for a test's handler: real ones, with the environment the engine would give. */
export function testExec(workspace: string, env: Readonly<Record<string, string>>, signal: AbortSignal): PluginExec {
  return async (program, args = [], options = {}) => {
    signal.throwIfAborted();
    const child = spawn(program, args, {
      cwd: resolve(workspace, options.cwd ?? '.'),
      env: { ...baseEnv(), ...env, ...options.env },
      detached: true,
    });
    const stop = new Stop(child);
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => stop.for('EXEC_TIMEOUT'), options.timeoutMs);
    const abort = (): void => stop.for('ABORTED');
    signal.addEventListener('abort', abort);
    try {
      return await finish(child, options, stop);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  };
}

function baseEnv(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of BASE) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/** Ends a program with its group, and remembers the first reason for it. */
class Stop {
  reason: string | undefined;
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
  }

  for(reason: string): void {
    this.reason ??= reason;
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // The group has ended by itself.
    }
  }
}

async function finish(child: ChildProcessWithoutNullStreams, options: ExecOptions, stop: Stop): Promise<ExecResult> {
  const ended = new Promise<number>((done, fail) => {
    child.once('error', (error) => fail(failure('code' in error && error.code === 'ENOENT' ? 'PROGRAM_NOT_FOUND' : 'EXEC_FAILED', error.message)));
    child.once('close', (code, signal) => done(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
  // A program may end without reading its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input);
  const reading = { onLine: options.onLine, left: options.maxOutputBytes ?? OUTPUT_BYTES, stop };
  const [exitCode, stdout, stderr] = await Promise.all([
    ended,
    read(child.stdout, 'stdout', reading),
    read(child.stderr, 'stderr', reading),
  ]);
  if (stop.reason !== undefined) throw failure(stop.reason, `${child.spawnfile} was ended`);
  return { exitCode, stdout, stderr };
}

interface Reading {
  readonly onLine: ExecOptions['onLine'];
  left: number;
  readonly stop: Stop;
}

async function read(from: Readable, name: 'stdout' | 'stderr', reading: Reading): Promise<string> {
  if (reading.onLine !== undefined) {
    for await (const line of createInterface({ input: from, crlfDelay: Infinity })) await reading.onLine(line, name);
    return '';
  }
  const parts: Buffer[] = [];
  for await (const part of from as AsyncIterable<Buffer>) {
    reading.left -= part.length;
    if (reading.left < 0) reading.stop.for('EXEC_OUTPUT_TOO_LARGE');
    else parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
