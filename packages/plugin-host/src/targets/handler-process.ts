import { randomBytes } from 'node:crypto';

import type { PlannedTarget } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { ConfinedProgram, InnerProgram } from '../confine/confinement.js';
import { type ProcessEnd, type RunningProcess, startProcess } from '../process-tree/start-process.js';
import { TailBuffer } from '../process-tree/tail-buffer.js';
import { scanMessage } from '../script/scan-json.js';
import { Channel, type IncomingCall, type Message } from './protocol/channel.js';
import { MESSAGE_BYTES, OPEN_CALLS, type StartMessage } from './protocol/messages.js';
import { packThrown } from './protocol/thrown.js';
import { findDeath } from './find-death.js';
import { PrintIntake } from './print-intake.js';
import type { ServedContext } from './serve-context.js';
import { hasLimits, watchLimits } from './watch-limits.js';

export interface Launch {
  readonly program: InnerProgram & Pick<ConfinedProgram, 'terminate' | 'end'>;
  /** What this process watches over; nothing where somebody else does. */
  readonly limits: Pick<PlannedTarget, 'memoryBytes' | 'cpus' | 'pids'>;
}

/** One call of a handler in such a process. */
export interface HandlerCall {
  readonly start: Omit<StartMessage, 'run'>;
  /** Called when it first asks for something. */
  readonly serve: (channel: Channel, sent: () => Promise<void> | undefined) => ServedContext;
  /** Takes what the process prints meanwhile. */
  readonly print: (chunk: Buffer) => void | Promise<void>;
  readonly signal: AbortSignal;
  /** What the handler gets to end after an abort. */
  readonly killGraceMs: number;
}

export type CallEnd = { readonly kind: 'answered'; readonly value: unknown } | { readonly kind: 'late' };

const TEXT_BYTES = 72 * 1024 * 1024;
/** Sent and not yet taken by the other side: beyond, nothing more is read from there. */
const BACKLOG_BYTES = 8 * 1024 * 1024;
const TAIL_BYTES = 4_096;
/** From TERM to KILL of a process that had its time to end. */
const LAST_GRACE_MS = 250;
/** Of the random number that the numbers of calls begin after: a handler cannot guess the one of its own call, and answer it before it has ended. */
const NUMBER_BYTES = 6;
/** What a process gets to end by itself once nobody wants anything of it any more. */
const EXIT_MS = 500;

/** A process that runs handlers, one call at a time. Whatever it does ends it at most: nothing here trusts it. */
export class HandlerProcess {
  /** Resolves when nothing of it is left. Never fails. */
  readonly ended: Promise<ProcessEnd | undefined>;
  readonly #running: RunningProcess;
  readonly #channel: Channel;
  readonly #prints = new PrintIntake();
  readonly #tail = new TailBuffer(TAIL_BYTES);
  readonly #kill = new AbortController();
  readonly #launch: Launch;
  #call: (HandlerCall & { readonly run: number }) | undefined;
  #served: ServedContext | undefined;
  #runs = 0;
  #lastWords: unknown;
  #exceeded: Error | undefined;
  #isBroken = false;
  #isOver = false;

  constructor(launch: Launch) {
    this.#launch = launch;
    const { program, args, cwd, env, terminate } = launch.program;
    this.#running = startProcess({
      program,
      args,
      cwd,
      env,
      openInput: true,
      signal: this.#kill.signal,
      killGraceMs: LAST_GRACE_MS,
      ...(terminate === undefined ? {} : { terminate }),
      onStdout: (chunk) => this.#orBroken(() => this.#channel.receive(chunk)),
      onStderr: (chunk) => this.#orBroken(() => this.#printed(chunk)),
    });
    this.#channel = new Channel({
      write: (parts) => this.#write(parts),
      heldBack: () => this.#backlog(),
      answer: (call) => this.#answer(call),
      note: (method, args) => this.#note(method, args),
      bounds: { text: TEXT_BYTES, bytes: MESSAGE_BYTES, scan: scanMessage },
      maxCalls: 2 * OPEN_CALLS,
      maxOpenBytes: MESSAGE_BYTES,
      numbersAfter: randomBytes(NUMBER_BYTES).readUIntBE(0, NUMBER_BYTES),
    });
    const unwatch = hasLimits(launch.limits) ? watchLimits(this.#running, launch.limits, (failure) => this.#exceed(failure)) : () => undefined;
    this.#kill.signal.addEventListener('abort', unwatch);
    this.ended = this.#finish(unwatch);
  }

  /** Whether it could take another call. */
  get isUsable(): boolean {
    return !this.#isOver && !this.#isBroken && !this.#kill.signal.aborted && this.#lastWords === undefined;
  }

  get pid(): number | undefined {
    return this.#running.pid;
  }

  /** From now on the engine need not go on as long as this process, until the next call. */
  letGo(): void {
    this.#running.hold(false);
  }

  /** Fails as the handler does, or with what has become of the process. After `late` it is not to be used any more. */
  async call(call: HandlerCall): Promise<CallEnd> {
    this.#runs += 1;
    const run = this.#runs;
    this.#call = { ...call, run };
    const answered = this.#channel.call('run', [{ ...call.start, run }]);
    answered.catch(() => undefined);
    // Once the other side has what it needs to begin.
    this.#running.hold(true);
    const grace = graceAfter(call.signal, call.killGraceMs, () => this.#channel.tell('abort', [run, packThrown(call.signal.reason)]));
    try {
      const first = await Promise.race([answered, grace.over]);
      return first === 'late' ? { kind: 'late' } : { kind: 'answered', value: first.value };
    } finally {
      grace.callOff();
    }
  }

  /** Whether all that it had printed before its answer has been taken. Waits for that for a while. */
  caughtUp(): Promise<boolean> {
    return this.#prints.caughtUp();
  }

  /** From now on nothing is served to what is left of the call, and what is printed is nobody's. */
  leave(): void {
    this.#call = undefined;
    this.#served = undefined;
  }

  /** Ends what the handler has started and left, and answers how many processes that were. */
  endOthers(): Promise<number> {
    return this.#running.endOthers(LAST_GRACE_MS);
  }

  /** It has nothing to do any more: it may end by itself, and is ended when it does not. */
  async dismiss(): Promise<ProcessEnd | undefined> {
    this.#running.stdin?.end();
    const timer = setTimeout(() => this.#kill.abort(), EXIT_MS);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  end(): Promise<ProcessEnd | undefined> {
    this.#kill.abort();
    return this.ended;
  }

  async #finish(unwatch: () => void): Promise<ProcessEnd | undefined> {
    let end: ProcessEnd | undefined;
    let broken: unknown;
    this.#running.stdin?.on('error', () => undefined);
    try {
      end = await this.#running.ended;
    } catch (error) {
      broken = error;
    }
    this.#isOver = true;
    unwatch();
    await this.#launch.program.end?.().catch(() => undefined);
    this.#channel.close(this.#exceeded ?? findDeath({ end, broken, lastWords: this.#lastWords, tail: this.#tail.text(TAIL_BYTES), limits: this.#launch.limits }));
    return end;
  }

  #exceed(failure: Error): void {
    this.#exceeded = failure;
    this.#kill.abort();
  }

  #write(parts: readonly Uint8Array[]): void {
    const { stdin } = this.#running;
    if (stdin?.writable !== true) return;
    for (const part of parts) stdin.write(part);
  }

  #backlog(): Promise<void> | undefined {
    const { stdin } = this.#running;
    if (stdin === undefined || stdin.writableLength < BACKLOG_BYTES) return undefined;
    return new Promise((taken) => {
      for (const event of ['drain', 'close', 'error']) stdin.once(event, () => taken());
    });
  }

  /** What it sent cannot be taken: it is about to be ended for that. */
  #orBroken(take: () => void | Promise<void>): void | Promise<void> {
    const broken = (error: unknown): never => {
      this.#isBroken = true;
      throw error;
    };
    try {
      return take()?.catch(broken);
    } catch (error) {
      return broken(error);
    }
  }

  #printed(chunk: Buffer): void | Promise<void> {
    this.#tail.push(chunk);
    return this.#prints.took(this.#call?.print(chunk));
  }

  async #answer(call: IncomingCall): Promise<Message> {
    const current = this.#call;
    if (current === undefined || call.args[0] !== current.run) throw new AppError('INTERRUPTED', {}, { hint: 'the step has ended' });
    return this.#serve(current).answer(call);
  }

  #serve({ serve }: HandlerCall): ServedContext {
    this.#served ??= serve(this.#channel, () => this.#backlog());
    return this.#served;
  }

  #note(method: string, args: readonly unknown[]): void | Promise<void> {
    if (method === 'died') {
      this.#lastWords ??= args;
      return;
    }
    const current = this.#call;
    if (current !== undefined && current.run === args[0]) return this.#serve(current).note(method, args);
  }
}

interface Grace {
  readonly over: Promise<'late'>;
  readonly callOff: () => void;
}

/** Over so long after an abort, of which `onAbort` is told. */
function graceAfter(signal: AbortSignal, graceMs: number, onAbort: () => void): Grace {
  const { promise, resolve } = Promise.withResolvers<'late'>();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    onAbort();
    timer = setTimeout(() => resolve('late'), graceMs).unref();
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  const callOff = (): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', begin);
  };
  return { over: promise, callOff };
}
