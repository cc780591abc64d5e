import { ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { Readable, type Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { monotonicMs } from './monotonic-ms.js';
import { closeWriters, openNamedPipes } from './named-pipes.js';
import { explainNotStarted, findUnusable, type NotStarted } from './not-started.js';
import type { ProcessRow } from './process-list.js';
import { ProcessTree, type TreeEnd } from './process-tree.js';
import { StreamReader, type TakeChunk } from './stream-reader.js';

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
  /** Take the output as it comes. A promise holds the program back; a failure ends it and fails `ended`. */
  readonly onStdout: TakeChunk;
  readonly onStderr: TakeChunk;
  /** A private folder: the output can then be opened again as `/dev/stdout` and `/dev/stderr`, see `openNamedPipes`. */
  readonly pipeFolder?: string;
}

export interface RunningProcess {
  /** `undefined` when it could not be started. */
  readonly pid: number | undefined;
  /** With `openInput`, of a program that has started. */
  readonly stdin?: Writable;
  /** The processes of the tree, those that have left it among them as far as they are found. Linux only, elsewhere none. */
  readonly members: () => readonly ProcessRow[];
  /** Ends everything of the tree but the program itself, and answers how many processes that were. Linux only. */
  readonly endOthers: (graceMs: number) => Promise<number>;
  /** Whether this process has to go on as long as that one. It has to, at first. */
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

/** The name of the variable that holds the tokens of all steps a process is part of. */
export const TOKEN_VARIABLE = 'KB_STEP_TOKEN';

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
/** How long a process may take to vanish after KILL. */
const COLLECT_MS = 250;

/** Starts a program without a shell, as the leader of a process group and session of its own. Never throws. */
export function startProcess(options: ProcessOptions): RunningProcess {
  const unusable = findUnusable(options);
  if (unusable !== undefined) return notRunning(Promise.resolve(unusable));
  const token = newToken();
  let launched: Launched;
  try {
    launched = launch(options, token);
  } catch (thrown) {
    return notRunning(Promise.resolve(explainNotStarted(options, thrown)));
  }
  const { child, outputs } = launched;
  if (child.pid === undefined) {
    for (const output of outputs) output.destroy();
    const failed = new Promise<ProcessEnd>((resolve) => child.once('error', (error) => resolve(explainNotStarted(options, error))));
    return notRunning(failed);
  }
  const tree = new ProcessTree(child.pid, token);
  return {
    pid: child.pid,
    ...(options.openInput === true && child.stdin !== null ? { stdin: child.stdin } : {}),
    members: () => tree.members(),
    endOthers: (graceMs) => tree.endOthers(graceMs),
    hold: (isHeld) => hold(launched, isHeld),
    ended: supervise(launched, tree, options),
  };
}

function notRunning(ended: Promise<ProcessEnd>): RunningProcess {
  return { pid: undefined, members: () => [], endOthers: () => Promise.resolve(0), hold: () => undefined, ended };
}

function hold({ child, outputs }: Launched, isHeld: boolean): void {
  for (const held of [child, child.stdin, ...outputs]) {
    // Pipes of a program are sockets; what else stands in for them does not keep a process going.
    if (held instanceof ChildProcess || held instanceof Socket) {
      if (isHeld) held.ref();
      else held.unref();
    }
  }
}

let started = 0;

/** No two processes that live at the same time have the same: what is looked for when a tree is ended. It keeps nothing secret. */
function newToken(): string {
  started += 1;
  return `${process.pid.toString(36)}-${process.hrtime.bigint().toString(36)}-${started.toString(36)}`;
}

interface Launched {
  readonly child: ChildProcess;
  readonly outputs: readonly [Readable, Readable];
}

function launch({ program, args, cwd, env, input, openInput, pipeFolder }: ProcessOptions, token: string): Launched {
  const pipes = pipeFolder === undefined ? undefined : openNamedPipes(pipeFolder);
  // A step inside a step carries the tokens of both, and ends with either.
  const outer = env[TOKEN_VARIABLE];
  let child: ChildProcess;
  try {
    child = spawn(program, args, {
      cwd,
      env: { ...env, [TOKEN_VARIABLE]: outer === undefined ? token : `${outer},${token}` },
      detached: true,
      stdio: [input === undefined && openInput === undefined ? 'ignore' : 'pipe', pipes?.[0].writer ?? 'pipe', pipes?.[1].writer ?? 'pipe'],
    });
  } catch (thrown) {
    for (const { stream } of pipes ?? []) stream.destroy();
    throw thrown;
  } finally {
    closeWriters(pipes ?? []);
  }
  if (child.stdin !== null) {
    // It may end without reading its input.
    child.stdin.on('error', () => undefined);
    if (openInput === undefined) child.stdin.end(input);
  }
  return { child, outputs: [streamOf(pipes?.[0].stream ?? child.stdout), streamOf(pipes?.[1].stream ?? child.stderr)] };
}

function streamOf(stream: Readable | null | undefined): Readable {
  // Node leaves it out when the start failed: there is nothing to read then.
  return stream ?? Readable.from([]);
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

async function supervise({ child, outputs }: Launched, tree: ProcessTree, options: ProcessOptions): Promise<ProcessEnd> {
  const exited = new Promise<Exit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const readers = [new StreamReader(outputs[0], options.onStdout), new StreamReader(outputs[1], options.onStderr)];
  const taken = Promise.all(readers.map((reader) => reader.done));
  const abort = watch(options.signal);
  try {
    const first = await Promise.race([exited, abort.fired, failureOf(taken)]);
    if (typeof first === 'object') return await finishExited(first, tree, { readers, taken, abort: abort.fired, options });
    const end = await tree.end(options.killGraceMs);
    const exit = await Promise.race([exited, delay(COLLECT_MS, undefined, { ref: false })]);
    if (first === 'failed') await taken;
    await settle(readers, taken);
    return toEnd(exit ?? { code: null, signal: 'SIGKILL' }, { aborted: true, leftovers: 0, survivors: end.left });
  } finally {
    abort.release();
    for (const reader of readers) reader.cut();
    child.stdin?.destroy();
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
    signal.addEventListener('abort', onAbort);
  });
  return { fired, release: () => signal.removeEventListener('abort', onAbort) };
}
