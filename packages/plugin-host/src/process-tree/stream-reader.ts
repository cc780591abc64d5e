import type { Readable } from 'node:stream';

import { monotonicMs } from './monotonic-ms.js';

export type TakeChunk = (chunk: Buffer) => void | Promise<void>;

/**
 * Hands a stream over chunk by chunk. While `take` has not resolved nothing is read, and the writer at the other end
 * has to wait. `done` resolves at the end of the stream, or earlier by `cut` and `limitWaiting`; it fails as `take` does.
 */
export class StreamReader {
  readonly done: Promise<void>;
  readonly #stream: Readable;
  readonly #take: TakeChunk;
  readonly #finish: () => void;
  readonly #fail: (error: unknown) => void;
  #state: 'waiting' | 'taking' | 'ended' = 'waiting';
  #idleSince = monotonicMs();
  #waitLeftMs = Infinity;
  #timer: NodeJS.Timeout | undefined;
  /** What came although it was paused: Node lets the pipes of a process flow when that has ended. */
  readonly #early: Buffer[] = [];
  #isOver = false;

  constructor(stream: Readable, take: TakeChunk) {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.done = promise;
    this.#stream = stream;
    this.#take = take;
    this.#finish = () => {
      this.#end();
      resolve(undefined);
    };
    this.#fail = (error) => {
      this.#end();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    // A stream that breaks off has ended, too: what was in it has been handed over.
    for (const event of ['end', 'close', 'error']) stream.once(event, () => this.#over());
  }

  get state(): 'waiting' | 'taking' | 'ended' {
    return this.#state;
  }

  /** When the last chunk was taken, in milliseconds of `monotonicMs`. */
  get idleSince(): number {
    return this.#idleSince;
  }

  /**
   * From now on, waits at most `ms` in all for somebody to write. The time `take` needs is not counted, so that what is
   * written already arrives, however slowly it is taken.
   */
  limitWaiting(ms: number): void {
    this.#idleSince = monotonicMs();
    this.#waitLeftMs = ms;
    if (this.#state === 'waiting') this.#startTimer();
  }

  /** Stops at once. What was not read is lost. */
  cut(): void {
    this.#finish();
  }

  #over(): void {
    this.#isOver = true;
    if (this.#state === 'waiting') this.#finish();
  }

  #receive(chunk: Buffer): void {
    if (this.#state === 'ended') return;
    if (this.#state === 'taking') {
      this.#early.push(chunk);
      this.#stream.pause();
      return;
    }
    this.#stopTimer();
    try {
      const taken = this.#take(chunk);
      if (taken === undefined) return this.#next();
      this.#state = 'taking';
      this.#stream.pause();
      taken.then(() => this.#next(), this.#fail);
    } catch (error) {
      this.#fail(error);
    }
  }

  #next(): void {
    if (this.#state === 'ended') return;
    this.#state = 'waiting';
    this.#idleSince = monotonicMs();
    const early = this.#early.shift();
    if (early !== undefined) return this.#receive(early);
    if (this.#isOver) return this.#finish();
    // Also after a chunk that was taken at once: the one that came too early had paused it.
    if (this.#stream.isPaused()) this.#stream.resume();
    this.#startTimer();
  }

  #startTimer(): void {
    clearTimeout(this.#timer);
    if (this.#waitLeftMs !== Infinity) this.#timer = setTimeout(() => this.#lookOnce(), Math.max(0, this.#waitLeftMs));
  }

  /** Timers come before input: a process that was held up would find its time over before it has looked at what is there. */
  #lookOnce(): void {
    const timer = this.#timer;
    setImmediate(() => {
      if (this.#state === 'waiting' && this.#timer === timer) this.#finish();
    });
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    if (this.#waitLeftMs !== Infinity) this.#waitLeftMs -= monotonicMs() - this.#idleSince;
  }

  #end(): void {
    this.#state = 'ended';
    clearTimeout(this.#timer);
    this.#stream.destroy();
  }
}
