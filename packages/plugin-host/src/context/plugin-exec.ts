import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

import type { ExecOptions, ExecResult, PluginExec } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { resolveInside } from '../files/inside.js';
import { LineSplitter } from '../process-tree/line-splitter.js';
import type { NotStarted } from '../process-tree/not-started.js';
import { type ProcessEnd, startProcess } from '../process-tree/start-process.js';
import { StepFailure } from '../step-failure.js';
import type { Grant } from './grant.js';

const OUTPUT_BYTES = 16 * 1024 * 1024;
const LINE_BYTES = 1024 * 1024;

export interface ExecDeps {
  readonly workspace: string;
  readonly grant: Pick<Grant, 'requireProgram'>;
  /** What programs see: the base and `ctx.env`. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends every program with all it started. */
  readonly signal: AbortSignal;
  /** From TERM to KILL. */
  readonly killGraceMs: number;
}

/** The programs of one step. Each ends with everything it started; `ended` waits for those that still run. */
export interface Programs {
  readonly exec: PluginExec;
  /** Resolves to the ids of processes that could not be ended. */
  readonly ended: () => Promise<readonly number[]>;
}

export function pluginPrograms(deps: ExecDeps): Programs {
  const running = new Set<Promise<unknown>>();
  const survivors: number[] = [];
  const exec: PluginExec = async (program, args = [], options = {}) => {
    deps.signal.throwIfAborted();
    deps.grant.requireProgram(program);
    const ending = run(deps, { program, args, options, survivors });
    const settled = ending.then(() => undefined, () => undefined).finally(() => running.delete(settled));
    running.add(settled);
    return ending;
  };
  const ended = async (): Promise<readonly number[]> => {
    await Promise.all(running);
    return survivors;
  };
  return { exec, ended };
}

interface Wanted {
  readonly program: string;
  readonly args: readonly string[];
  readonly options: ExecOptions;
  readonly survivors: number[];
}

async function run(deps: ExecDeps, { program, args, options, survivors }: Wanted): Promise<ExecResult> {
  const cwd = await findFolder(deps.workspace, program, options.cwd);
  const stop = stopper(deps.signal, options.timeoutMs);
  const output = collector(options);
  const [stdout, stderr] = [output.consumer('stdout'), output.consumer('stderr')];
  try {
    const end = await startProcess({
      program: findProgram(program, deps.env['PATH'] ?? ''),
      args,
      cwd,
      env: { ...deps.env, ...options.env },
      ...(options.input === undefined ? {} : { input: options.input }),
      signal: stop.signal,
      killGraceMs: deps.killGraceMs,
      onStdout: stdout.take,
      onStderr: stderr.take,
    }).ended;
    if (end.kind === 'exited') survivors.push(...end.survivors);
    const exitCode = exitCodeOf(end, stop.signal);
    await stdout.end();
    await stderr.end();
    return { exitCode, stdout: output.text('stdout'), stderr: output.text('stderr') };
  } finally {
    stop.disarm();
  }
}

async function findFolder(workspace: string, program: string, path = '.'): Promise<string> {
  const place = await resolveInside(workspace, path);
  if (place !== undefined) return place.absolute;
  throw new AppError('PERMISSION_DENIED', { act: `starting ${program} in ${path}`, permission: 'shell' }, { hint: 'the folder has to be inside the workspace' });
}

/**
 * By the PATH of the step, not by one given for this call: a granted name must not become another program. Folders of
 * PATH that are relative are passed over, for they would mean the workspace.
 */
function findProgram(program: string, path: string): string {
  if (program.includes('/')) return program;
  const found = path.split(delimiter).filter((folder) => isAbsolute(folder)).map((folder) => join(folder, program)).find(isExecutable);
  if (found !== undefined) return found;
  throw new StepFailure('PROGRAM_NOT_FOUND', `${program} was not found`, { hint: 'install it where the worker runs, or check the PATH the step declares', kbRetry: 'never' });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function exitCodeOf(end: ProcessEnd, signal: AbortSignal): number {
  if (end.kind === 'not-started') throw notStarted(end, signal);
  if (end.aborted) throw signal.reason;
  return end.exitCode;
}

function notStarted({ reason, problem, hint, temporary }: NotStarted, signal: AbortSignal): unknown {
  if (reason === 'aborted') return signal.reason;
  const code = reason === 'program-missing' ? 'PROGRAM_NOT_FOUND' : 'PROGRAM_NOT_STARTED';
  return new StepFailure(code, problem, { ...(hint === undefined ? {} : { hint }), ...(temporary ? {} : { kbRetry: 'never' }) });
}

/** The signal of the step, and a time limit of this program. */
function stopper(signal: AbortSignal, timeoutMs: number | undefined): { readonly signal: AbortSignal; readonly disarm: () => void } {
  if (timeoutMs === undefined) return { signal, disarm: () => undefined };
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new StepFailure('EXEC_TIMEOUT', `the program ran longer than ${String(timeoutMs)} ms`)), timeoutMs);
  return { signal: AbortSignal.any([signal, late.signal]), disarm: () => clearTimeout(timer) };
}

type StreamName = 'stdout' | 'stderr';

interface Consumer {
  readonly take: (chunk: Buffer) => void | Promise<void>;
  readonly end: () => void | Promise<void>;
}

/** What is thrown here ends the program and is what `exec` fails with. */
function collector({ onLine, maxOutputBytes = OUTPUT_BYTES }: ExecOptions) {
  const parts: Record<StreamName, Buffer[]> = { stdout: [], stderr: [] };
  let left = maxOutputBytes;
  const keep = (name: StreamName): Consumer => ({
    take: (chunk) => {
      left -= chunk.length;
      if (left < 0) throw new StepFailure('EXEC_OUTPUT_TOO_LARGE', `the program printed more than ${String(maxOutputBytes)} bytes`, { kbRetry: 'never' });
      parts[name].push(chunk);
    },
    end: () => undefined,
  });
  return {
    consumer: (name: StreamName) => (onLine === undefined ? keep(name) : byLine(name, onLine)),
    text: (name: StreamName) => Buffer.concat(parts[name]).toString('utf8'),
  };
}

function byLine(name: StreamName, onLine: NonNullable<ExecOptions['onLine']>): Consumer {
  const lines = new LineSplitter(LINE_BYTES);
  return {
    take: async (chunk) => {
      for (const line of lines.push(chunk)) await onLine(line, name);
    },
    end: async () => {
      const line = lines.end();
      if (line !== undefined) await onLine(line, name);
    },
  };
}
