import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { AppError } from '@kb-labs/errors';

import { type Exit, type Launched, type LaunchedHere, launchHere, type LaunchRequest } from './launch.js';
import { monotonicMs } from './monotonic-ms.js';
import { explainNotStarted, findUnusable, type NotStarted } from './not-started.js';
import type { ProcessRow } from './process-list.js';
import { ProcessTree, type TreeEnd } from './process-tree.js';
import type { Spawner } from './spawner.js';
import type { SpawnerProcess } from './spawner-process.js';
import { StreamReader, type TakeChunk } from './stream-reader.js';
import { newToken, TOKEN_VARIABLE } from './tree-token.js';

export interface ProcessOptions {
  /** A path, or a name to look up in the `PATH` of `env`. */
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All of the environment. `KB_STEP_TOKEN` is added, by which processes of the tree are found. */
  readonly env: Readonly<Record<string, string>>;
  /** What the program reads from its standard input; empty when left out. */
  readonly input?: string | Uint8Array;
  /** Its standard input stays open, and is written to by `stdin`; in place of `input`. */
  readonly openInput?: true;
  /** Ends the program and everything it has started. */
  readonly signal: AbortSignal;
  /** From TERM to KILL. */
  readonly killGraceMs: number;
  /** Tells the program to end, where TERM for what is started here may not reach it, and answers whether it did: TERM is sent otherwise. */
  readonly terminate?: () => Promise<boolean>;
  /** Take the output as it comes. A promise holds the program back; a failure ends it and fails `ended`. */
  readonly onStdout: TakeChunk;
  readonly onStderr: TakeChunk;
  /** A private folder: the output can then be opened again as `/dev/stdout` and `/dev/stderr`, see `openNamedPipes`. */
  readonly pipeFolder?: string;
  /** Starts it in place of this process, as soon as that pays. One that reads input is started by this process in any case. */
  readonly spawner?: Spawner;
}

export interface RunningProcess {
  /** `undefined` when it could not be started, and as long as a spawner has not. */
  readonly pid: number | undefined;
  /** With `openInput`, of a program that has started. */
  readonly stdin?: Writable;
  /** The processes of the tree, those that have left it among them as far as they are found. Linux only, elsewhere none. */
  readonly members: () => readonly ProcessRow[];
  /** Ends everything of the tree but the program itself, and answers how many processes that were. Linux only. */
  readonly endOthers: (graceMs: number) => Promise<number>;
  /** Whether this process has to go on as long as that one. It has to, at first; and always, when a spawner has started it. */
  readonly hold: (isHeld: boolean) => void;
  /** Resolves when the program has ended, nothing of what it started is left, and its output has been taken. */
  readonly ended: Promise<ProcessEnd>;
}

export type ProcessEnd =
  | {
      readonly kind: 'exited';
      /** 128 and the signal's number for a program that a signal ended, as shells say it. */
      readonly exitCode: number;
      readonly signal?: NodeJS.Signals;
      /** Whether it was told to end by the abort. */
      readonly aborted: boolean;
      /** Processes it had started that were still there after its own end, and that had to be ended. */
      readonly leftovers: number;
      /** Process ids that not even KILL has ended: those of another user, or stuck in the kernel. */
      readonly survivors: readonly number[];
    }
  | NotStarted;


/** Leftovers of a program that ended by itself get this long to end, at most. */
const LEFTOVER_GRACE_MS = 250;
/** Before that, those that hold its output may finish what they are writing: until they are silent this long, … */
const LEFTOVER_SILENCE_MS = 200;
/** … and this long in all. */
const LAST_WORDS_MS = 1_000;
/** What has closed its output is gone a moment later. */
const EXITING_MS = 50;
/** After the end of a tree nobody writes to its pipes any more, except what has escaped. */
const SILENCE_MS = 100;
/** How long a process may take to vanish after KILL, and to start once nobody wants it any more. */
const COLLECT_MS = 250;
/** How it is told of a program that could not end in that time. */
const ENDED: Exit = { code: null, signal: 'SIGKILL' };

/** Starts a program without a shell, as the leader of a process group and session of its own. Never throws. */
export function startProcess(options: ProcessOptions): RunningProcess {
  const unusable = findUnusable(options);
  if (unusable !== undefined) return notRunning(Promise.resolve(unusable));
  const token = newToken();
  const request = requestOf(options, token);
  const spawner = options.input === undefined && options.openInput === undefined ? options.spawner?.take() : undefined;
  return spawner === undefined ? startHere(request, token, options) : startThere(spawner, { request, token, options });
}

function startHere(request: LaunchRequest, token: string, options: ProcessOptions): RunningProcess {
  let launched: LaunchedHere | Promise<never>;
  try {
    launched = launchHere(request, options);
  } catch (thrown) {
    return notRunning(Promise.resolve(explainNotStarted(options, thrown)));
  }
  if (launched instanceof Promise) return notRunning(launched.catch((error: unknown) => explainNotStarted(options, error)));
  const { pid, stdin, hold } = launched;
  const tree = new ProcessTree(pid, token);
  return {
    pid,
    ...(stdin === undefined ? {} : { stdin }),
    members: () => tree.members(),
    endOthers: (graceMs) => tree.endOthers(graceMs),
    hold,
    ended: supervise(launched, tree, options),
  };
}

interface ThereStart {
  readonly request: LaunchRequest;
  readonly token: string;
  readonly options: ProcessOptions;
}

function startThere(spawner: SpawnerProcess, { request, token, options }: ThereStart): RunningProcess {
  let pid: number | undefined;
  let tree: ProcessTree | undefined;
  const run = async (): Promise<ProcessEnd> => {
    const launching = spawner.launch(request);
    let launched: Launched | 'late';
    try {
      launched = await notLongAfter(options.signal, launching);
    } catch (thrown) {
      if (thrown instanceof AppError) throw thrown;
      return explainNotStarted(options, thrown);
    }
    if (launched === 'late') {
      void endLate(launching, token);
      return toEnd(ENDED, { aborted: true, leftovers: 0, survivors: [] });
    }
    pid = launched.pid;
    tree = new ProcessTree(pid, token);
    return supervise(launched, tree, options);
  };
  return {
    get pid() {
      return pid;
    },
    members: () => tree?.members() ?? [],
    endOthers: (graceMs) => tree?.endOthers(graceMs) ?? Promise.resolve(0),
    hold: () => undefined,
    ended: run(),
  };
}

/** An abort does not wait for a spawner that stands still. */
async function notLongAfter(signal: AbortSignal, launching: Promise<Launched>): Promise<Launched | 'late'> {
  const abort = watch(signal);
  try {
    const first = await Promise.race([launching, abort.fired]);
    return first === 'aborted' ? await Promise.race([launching, delay(COLLECT_MS, 'late' as const, { ref: false })]) : first;
  } finally {
    abort.release();
  }
}

/** What nobody wants any more when it starts at last. */
async function endLate(launching: Promise<Launched>, token: string): Promise<void> {
  try {
    const { pid, outputs } = await launching;
    await new ProcessTree(pid, token).end(0);
    for (const output of outputs) output.destroy();
  } catch {
    // It has not started.
  }
}

function notRunning(ended: Promise<ProcessEnd>): RunningProcess {
  return { pid: undefined, members: () => [], endOthers: () => Promise.resolve(0), hold: () => undefined, ended };
}

/** A step inside a step carries the tokens of both, and ends with either. */
function requestOf({ program, args, cwd, env }: ProcessOptions, token: string): LaunchRequest {
  const outer = env[TOKEN_VARIABLE];
  return { program, args, cwd, env: { ...env, [TOKEN_VARIABLE]: outer === undefined ? token : `${outer},${token}` } };
}

async function supervise({ outputs, exited, stdin }: Launched, tree: ProcessTree, options: ProcessOptions): Promise<ProcessEnd> {
  const readers = [new StreamReader(outputs[0], options.onStdout), new StreamReader(outputs[1], options.onStderr)];
  const taken = Promise.all(readers.map((reader) => reader.done));
  const abort = watch(options.signal);
  try {
    const first = await Promise.race([exited.catch(() => 'lost' as const), abort.fired, failureOf(taken)]);
    if (typeof first === 'object') return await finishExited(first, tree, { readers, taken, abort: abort.fired, options });
    const end = await tree.end(options.killGraceMs, options.terminate);
    if (first === 'lost') await exited;
    const exit = await Promise.race([exited.catch(() => undefined), delay(COLLECT_MS, undefined, { ref: false })]);
    if (first === 'failed') await taken;
    await settle(readers, taken);
    return toEnd(exit ?? ENDED, { aborted: true, leftovers: 0, survivors: end.left });
  } finally {
    abort.release();
    for (const reader of readers) reader.cut();
    stdin?.destroy();
  }
}

interface Finish {
  readonly readers: readonly StreamReader[];
  readonly taken: Promise<unknown>;
  readonly abort: Promise<'aborted'>;
  readonly options: ProcessOptions;
}

/** The program has ended by itself. What it leaves behind is ended, and what it wrote is taken, however long that takes. */
async function finishExited(exit: Exit, tree: ProcessTree, { readers, taken, abort, options }: Finish): Promise<ProcessEnd> {
  const isWriting = writingWatch(readers);
  await tree.vanish(() => !options.signal.aborted && isWriting());
  const end: TreeEnd = await tree.end(Math.min(options.killGraceMs, LEFTOVER_GRACE_MS));
  for (const reader of readers) reader.limitWaiting(SILENCE_MS);
  const first = await Promise.race([taken, abort]);
  if (first === 'aborted') await settle(readers, taken);
  return toEnd(exit, { aborted: false, leftovers: end.told, survivors: end.left });
}

/** What is in the pipes is still taken, unless that takes long. */
async function settle(readers: readonly StreamReader[], taken: Promise<unknown>): Promise<void> {
  for (const reader of readers) reader.limitWaiting(SILENCE_MS);
  await Promise.race([taken, delay(COLLECT_MS, undefined, { ref: false })]);
}

function toEnd({ code, signal }: Exit, rest: { aborted: boolean; leftovers: number; survivors: readonly number[] }): ProcessEnd {
  if (signal === null) return { kind: 'exited', exitCode: code ?? 0, ...rest };
  return { kind: 'exited', exitCode: 128 + constants.signals[signal], signal, ...rest };
}

/**
 * Whether leftovers may still have something to say: the `tee` of `exec > >(tee log)` ends a moment after its script. Not
 * when the pipes have been closed for longer than a program needs to exit, nor after a silence; the time in which nobody took what is there is not counted.
 */
function writingWatch(readers: readonly StreamReader[]): () => boolean {
  let leftMs = LAST_WORDS_MS;
  const begunAt = monotonicMs();
  let lookedAt = begunAt;
  let closedAt: number | undefined;
  return () => {
    const now = monotonicMs();
    const isTaking = readers.some((reader) => reader.state === 'taking');
    if (!isTaking) leftMs -= now - lookedAt;
    lookedAt = now;
    if (readers.every((reader) => reader.state === 'ended')) {
      closedAt ??= now;
      return now - closedAt < EXITING_MS;
    }
    return isTaking || (leftMs > 0 && readers.some((reader) => reader.state !== 'ended' && now - Math.max(begunAt, reader.idleSince) < LEFTOVER_SILENCE_MS));
  };
}

async function failureOf(taken: Promise<unknown>): Promise<'failed'> {
  try {
    await taken;
  } catch {
    return 'failed';
  }
  // The end of the output says nothing: a program can close it and go on.
  return new Promise<never>(() => undefined);
}

function watch(signal: AbortSignal): { fired: Promise<'aborted'>; release: () => void } {
  let onAbort = (): void => undefined;
  const fired = new Promise<'aborted'>((resolve) => {
    onAbort = () => resolve('aborted');
    // It may have been while somebody else started the program.
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
  return { fired, release: () => signal.removeEventListener('abort', onAbort) };
}
