import { AppError } from '@kb-labs/errors';
import type { Clock } from '@kb-labs/ports';

import type { RedisClient } from './connect.js';
import type { Script } from './lua/script.js';
import { isUnknownScript, toStateError, wordsFor } from './state-errors.js';
import { systemTimers } from './system-timers.js';

/** How long a call waits for a connection that is being made anew, in milliseconds. */
const CONNECTED_WITHIN_MS = 900;
/** The same for the first one, as long as nothing has said that it cannot be made. */
const FIRST_CONNECTED_WITHIN_MS = 3_000;
/** A process that stood still was not waiting: however long that took, it counts as one look. */
const LOOK_MS = 100;

export type Argument = string | number;

/**
 * The only way to the server. A call waits a moment for the connection and fails with `STATE_UNAVAILABLE` without one;
 * what was sent is answered, or fails once. Failures are errors of the register.
 */
export class Link {
  readonly #client: RedisClient;
  readonly #clock: Clock | undefined;
  readonly #timers: Clock;
  readonly #running = new Set<Promise<unknown>>();
  readonly #waiting = new Set<() => void>();
  #lastProblem: string | undefined;
  #connectedBefore = false;
  #closed = false;

  /** Without a clock the server's own time counts. `timers` measure how long a connection is waited for. */
  constructor(client: RedisClient, clock: Clock | undefined, timers: Clock = systemTimers) {
    this.#client = client;
    this.#clock = clock;
    this.#timers = timers;
    client.on('error', (error: Error) => (this.#lastProblem = wordsFor(error.message)));
    client.on('ready', () => {
      this.#connectedBefore = true;
      for (const resolve of this.#waiting) resolve();
      this.#waiting.clear();
    });
  }

  get client(): RedisClient {
    return this.#client;
  }

  /** The first argument of scripts that need the time. */
  get now(): Argument {
    return this.#clock?.now() ?? '';
  }

  /**
   * One thing that was asked for, of one or several calls. It may go on to its end after `close` was called, and nothing
   * new may begin.
   */
  operate<T>(act: () => Promise<T>): Promise<T> {
    return this.#closed ? Promise.reject(closedError()) : this.#follow(act());
  }

  /** Something nobody waits for and whose failure is made good by others. */
  inBackground(act: () => Promise<unknown>): void {
    this.#follow(act()).catch(() => undefined);
  }

  call(command: string, ...args: readonly Argument[]): Promise<unknown> {
    return this.#send(command, args);
  }

  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.#runScript(script, [script.sha, keys.length, ...keys, ...args]);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Lets everything that was asked for come to its end. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    this.#client.disconnect();
  }

  #follow<T>(promise: Promise<T>): Promise<T> {
    this.#running.add(promise);
    const done = (): void => void this.#running.delete(promise);
    promise.then(done, done);
    return promise;
  }

  async #runScript(script: Script, args: readonly Argument[]): Promise<unknown> {
    try {
      return await this.#send('EVALSHA', args);
    } catch (thrown) {
      if (!(thrown instanceof AppError) || !isUnknownScript(thrown.cause)) throw thrown;
      return await this.#send('EVAL', [script.source, ...args.slice(1)]);
    }
  }

  async #send(command: string, args: readonly Argument[]): Promise<unknown> {
    if (this.#client.status !== 'ready') await this.#connected();
    try {
      return await this.#client.call(command, ...args);
    } catch (thrown) {
      if (!isUnsent(thrown)) throw this.#failure(thrown);
    }
    // A connection that is being given up had still counted as ready.
    await this.#connected();
    try {
      return await this.#client.call(command, ...args);
    } catch (thrown) {
      throw this.#failure(thrown);
    }
  }

  #failure(thrown: unknown): AppError {
    if (isSilence(thrown)) this.#giveUpConnection();
    return toStateError(thrown);
  }

  #connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      let waitedMs = 0;
      const look = (): void => {
        waitedMs += LOOK_MS;
        if (waitedMs < this.#patienceMs()) return void (cancel = this.#timers.after(LOOK_MS, look));
        this.#waiting.delete(waiter);
        reject(new AppError('STATE_UNAVAILABLE', { problem: this.#lastProblem ?? 'no connection' }));
      };
      let cancel = this.#timers.after(LOOK_MS, look);
      const waiter = (): void => {
        cancel();
        resolve();
      };
      this.#waiting.add(waiter);
    });
  }

  #patienceMs(): number {
    return this.#connectedBefore || this.#lastProblem !== undefined ? CONNECTED_WITHIN_MS : FIRST_CONNECTED_WITHIN_MS;
  }

  /**
   * Whatever else was sent on a connection that does not answer will not be answered either. Nor would the other end
   * answer a polite goodbye.
   */
  #giveUpConnection(): void {
    if (this.#closed) return;
    if ('nodes' in this.#client) this.#client.disconnect(true);
    else this.#client.stream.destroy();
  }
}

/** ioredis did not write it, because the connection was not writable and it may not queue. */
function isUnsent(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message.includes('enableOfflineQueue');
}

function isSilence(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message === 'Command timed out';
}

function closedError(): AppError {
  return new AppError('STATE_UNAVAILABLE', { problem: 'the store is closed' });
}
