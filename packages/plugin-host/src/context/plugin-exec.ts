import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

import type { ExecOptions, ExecResult, PluginExec } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { ConfinedProgram, InnerProgram } from '../confine/confinement.js';
import { resolveInside } from '../files/inside.js';
import { LineSplitter } from '../process-tree/line-splitter.js';
import type { NotStarted } from '../process-tree/not-started.js';
import { type ProcessEnd, startProcess } from '../process-tree/start-process.js';
import { StepFailure } from '../step-failure.js';
import type { Grant } from './grant.js';

const OUTPUT_BYTES = 16 * 1024 * 1024;
const LINE_BYTES = 1024 * 1024;

/** Where the programs of a confined handler run. */
export interface ProgramRoom {
  readonly inside: (inner: InnerProgram) => Promise<ConfinedProgram>;
  /** In place of the base of this machine. */
  readonly env: Readonly<Record<string, string>>;
}

/** An option of the engine's own: takes all lines of one piece of output at once, where each costs a way to another process. */
export const IN_BATCHES = Symbol('lines in batches');

type ProgramOptions = ExecOptions & { readonly [IN_BATCHES]?: (lines: readonly string[], stream: StreamName) => Promise<void> };

export interface ExecDeps {
  readonly workspace: string;
  readonly grant: Pick<Grant, 'requireProgram'>;
  /** What programs see: the base and `ctx.env`. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends every program with all it started. */
  readonly signal: AbortSignal;
  /** From TERM to KILL. */
  readonly killGraceMs: number;
  readonly room?: ProgramRoom;
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
  const findInside = insideFinder(deps);
  const exec: PluginExec = async (program, args = [], options = {}) => {
    deps.signal.throwIfAborted();
    deps.grant.requireProgram(program);
    const ending = run(deps, { program, args, options, survivors, findInside });
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
  readonly options: ProgramOptions;
  readonly survivors: number[];
  readonly findInside: FindInside;
}

async function run(deps: ExecDeps, { program, args, options, survivors, findInside }: Wanted): Promise<ExecResult> {
  const cwd = await findFolder(deps.workspace, program, options.cwd);
  const stop = stopper(deps.signal, options.timeoutMs);
  const output = collector(options);
  const [stdout, stderr] = [output.consumer('stdout'), output.consumer('stderr')];
  let started: StartedProgram | undefined;
  try {
    started = await prepare(deps, { program, args, cwd, env: { ...deps.env, ...options.env } }, findInside);
    const { program: file, args: words, cwd: folder, env } = started;
    const end = await startProcess({
      program: file,
      args: words,
      cwd: folder,
      env,
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
    await started?.end?.();
  }
}

type StartedProgram = InnerProgram & Pick<ConfinedProgram, 'end'>;

async function prepare({ room, env }: ExecDeps, wanted: InnerProgram, findInside: FindInside): Promise<StartedProgram> {
  if (room === undefined) return { ...wanted, program: findProgram(wanted.program, env['PATH'] ?? '') };
  return room.inside({ ...wanted, program: await findInside(wanted.program) });
}

/** As `findProgram` looks: `command -v` of a shell would answer what it has built in. */
const FIND_IN_PATH = 'IFS=:; for folder in $PATH; do case $folder in /*) [ -f "$folder/$1" ] && [ -x "$folder/$1" ] && printf %s "$folder/$1" && exit 0;; esac; done; exit 1';

type FindInside = (program: string) => Promise<string>;

/** What a name means inside of a room, asked once for each: other programs are there than here. */
function insideFinder({ room, env, signal, killGraceMs, workspace }: ExecDeps): FindInside {
  const known = new Map<string, Promise<string>>();
  const ask = async (program: string): Promise<string> => {
    if (room === undefined) return program;
    const asked = await room.inside({ program: '/bin/sh', args: ['-c', FIND_IN_PATH, 'sh', program], cwd: workspace, env });
    const parts: Buffer[] = [];
    const words: Buffer[] = [];
    const end = await startProcess({ ...asked, signal, killGraceMs, onStdout: (chunk) => void parts.push(chunk), onStderr: (chunk) => void words.push(chunk) }).ended;
    await asked.end?.();
    signal.throwIfAborted();
    const found = Buffer.concat(parts).toString('utf8');
    if (end.kind === 'exited' && end.exitCode === 0 && isAbsolute(found)) return found;
    const said = Buffer.concat(words).toString('utf8').trim();
    if (end.kind === 'not-started' || said !== '') throw new StepFailure('PROGRAM_NOT_STARTED', said === '' ? `${program} could not be started` : said);
    throw programNotFound(program, 'it has to be there where the step is confined: in the image of a container, or below /usr or /bin of this machine');
  };
  return (program) => {
    if (program.includes('/')) return Promise.resolve(program);
    const found = known.get(program) ?? ask(program);
    known.set(program, found);
    return found;
  };
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
  throw programNotFound(program, 'install it where the worker runs, or check the PATH the step declares');
}

function programNotFound(program: string, hint: string): StepFailure {
  return new StepFailure('PROGRAM_NOT_FOUND', `${program} was not found`, { hint, kbRetry: 'never' });
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
function collector({ onLine, maxOutputBytes = OUTPUT_BYTES, [IN_BATCHES]: onLines }: ProgramOptions) {
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
    consumer: (name: StreamName) => (onLines !== undefined ? inBatches(name, onLines) : onLine === undefined ? keep(name) : byLine(name, onLine)),
    text: (name: StreamName) => Buffer.concat(parts[name]).toString('utf8'),
  };
}

function inBatches(name: StreamName, onLines: NonNullable<ProgramOptions[typeof IN_BATCHES]>): Consumer {
  const lines = new LineSplitter(LINE_BYTES);
  return {
    take: (chunk) => {
      const found = lines.push(chunk);
      return found.length === 0 ? undefined : onLines(found, name);
    },
    end: () => {
      const line = lines.end();
      return line === undefined ? undefined : onLines([line], name);
    },
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
