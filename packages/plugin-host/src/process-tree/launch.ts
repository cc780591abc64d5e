import { ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { Readable, type Writable } from 'node:stream';

import { closeWriters, openNamedPipes } from './named-pipes.js';

/** What is to run, as the leader of a process group and session of its own. */
export interface LaunchRequest {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All of the environment, with the token by which processes of the tree are found. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that has started, whoever started it. */
export interface Launched {
  readonly pid: number;
  readonly stdin?: Writable;
  /** What it writes to stdout and stderr. */
  readonly outputs: readonly [Readable, Readable];
  /** Fails when nobody can say any more how it ended. */
  readonly exited: Promise<Exit>;
}

export interface LaunchedHere extends Launched {
  /** Whether this process has to go on as long as that one. It has to, at first. */
  readonly hold: (isHeld: boolean) => void;
}

export interface StreamOptions {
  /** What it reads from its standard input; empty when left out. */
  readonly input?: string | Uint8Array;
  /** Its standard input stays open. */
  readonly openInput?: true;
  /** Where named pipes for its output are made, see `openNamedPipes`. */
  readonly pipeFolder?: string;
}

/** Starts it from this process. Throws why that is not possible, or answers a promise that fails with it. */
export function launchHere({ program, args, cwd, env }: LaunchRequest, { input, openInput, pipeFolder }: StreamOptions): LaunchedHere | Promise<never> {
  const pipes = pipeFolder === undefined ? undefined : openNamedPipes(pipeFolder);
  let child: ChildProcess;
  try {
    child = spawn(program, args, {
      cwd,
      env,
      detached: true,
      stdio: [input === undefined && openInput === undefined ? 'ignore' : 'pipe', pipes?.[0].writer ?? 'pipe', pipes?.[1].writer ?? 'pipe'],
    });
  } catch (thrown) {
    for (const { stream } of pipes ?? []) stream.destroy();
    throw thrown;
  } finally {
    closeWriters(pipes ?? []);
  }
  const { pid, stdin } = child;
  const outputs = [streamOf(pipes?.[0].stream ?? child.stdout), streamOf(pipes?.[1].stream ?? child.stderr)] as const;
  // It may end without reading its input.
  stdin?.on('error', () => undefined);
  if (openInput === undefined) stdin?.end(input);
  if (pid === undefined) {
    for (const output of outputs) output.destroy();
    return new Promise((_, reject) => child.once('error', reject));
  }
  return {
    pid,
    ...(openInput === true && stdin !== null ? { stdin } : {}),
    outputs,
    exited: new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal }))),
    hold: (isHeld) => hold([child, stdin, ...outputs], isHeld),
  };
}

function streamOf(stream: Readable | null | undefined): Readable {
  // Node leaves it out when the start failed: there is nothing to read then.
  return stream ?? Readable.from([]);
}

function hold(all: readonly (ChildProcess | Readable | Writable | null)[], isHeld: boolean): void {
  for (const held of all) {
    // Pipes of a program are sockets; what else stands in for them does not keep a process going.
    if (held instanceof ChildProcess || held instanceof Socket) {
      if (isHeld) held.ref();
      else held.unref();
    }
  }
}
