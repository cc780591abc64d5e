import { monotonicMs } from '../process-tree/monotonic-ms.js';
import type { HandlerProcess } from './handler-process.js';
import type { PoolSettings } from './settings.js';
import { residentBytes } from './watch-limits.js';

/** A process for one call. It is given back when nothing of the call is left, or ended. */
export interface Lease {
  readonly process: HandlerProcess;
  readonly giveBack: () => void;
  readonly discard: () => Promise<void>;
}

interface Warm {
  readonly key: string;
  readonly process: HandlerProcess;
  readonly bornAt: number;
  calls: number;
  isBusy: boolean;
  /** Begins anew each time that it is given back. */
  readonly idleTimer: NodeJS.Timeout;
  lookedAtMs: number;
  lookTimer: NodeJS.Timeout | undefined;
}

interface Waiter {
  readonly key: string;
  readonly give: (lease: Lease) => void;
}

/** From one look at the memory of a process to the next: the system counts it anew each time. */
const LOOK_MS = 50;
/** The part of its calls that a process has left when the one is started that comes after it. */
const STARTS_AHEAD = 0.2;

/**
 * Processes that are kept for the next call of the same plugin. Whoever waits for one is served in turn by plugin, so that one
 * plugin with many calls does not hold up the others. A process without a call never keeps the engine from ending.
 */
export class HandlerPool {
  readonly #settings: Required<PoolSettings>;
  readonly #start: () => HandlerProcess;
  readonly #memoryOf: (pid: number) => number;
  readonly #warm = new Set<Warm>();
  /** By key; a key that was served goes to the end. */
  readonly #waiting = new Map<string, Waiter[]>();
  #isClosed = false;

  constructor(settings: Required<PoolSettings>, start: () => HandlerProcess, memoryOf = residentBytes) {
    this.#settings = settings;
    this.#start = start;
    this.#memoryOf = memoryOf;
  }

  /** Calls of the same key may get the same process. Waits for its turn; fails with the signal's reason. */
  async take(key: string, signal: AbortSignal): Promise<Lease> {
    signal.throwIfAborted();
    // The usual case: nobody waits who would be passed over.
    const free = this.#waiting.size === 0 ? this.#find(key) : undefined;
    if (free !== undefined) return this.#lend(free);
    const { promise, resolve, reject } = Promise.withResolvers<Lease>();
    const waiter: Waiter = { key, give: resolve };
    const onAbort = (): void => {
      this.#forget(waiter);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), waiter]);
    this.#serve();
    return promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  /** Processes there are, with and without a call. */
  get size(): number {
    return this.#warm.size;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#warm].filter(({ isBusy }) => !isBusy).map((warm) => this.#end(warm)));
  }

  #serve(): void {
    for (const [key, [first]] of this.#waiting) {
      const warm = first === undefined ? undefined : this.#find(key);
      if (first === undefined || warm === undefined) continue;
      this.#forget(first);
      const rest = this.#waiting.get(key);
      this.#waiting.delete(key);
      if (rest !== undefined) this.#waiting.set(key, rest);
      first.give(this.#lend(warm));
      return this.#serve();
    }
  }

  #find(key: string): Warm | undefined {
    let free: Warm | undefined;
    let oldest: Warm | undefined;
    for (const warm of this.#warm) {
      if (warm.isBusy) continue;
      // The one that had the last call, and one that is still starting only when there is no other.
      if (warm.key !== key) oldest ??= warm;
      else if (free === undefined || warm.calls > 0) free = warm;
    }
    if (free !== undefined) return free;
    if (this.#isFull(key)) return undefined;
    if (this.#warm.size < this.#settings.processes) return this.#add(key);
    // One that nobody uses makes room: the one that has waited longest.
    if (oldest === undefined) return undefined;
    // Nobody else is to be served in its place.
    this.#forgetTimers(oldest);
    this.#warm.delete(oldest);
    void oldest.process.end();
    return this.#add(key);
  }

  #isFull(key: string): boolean {
    return [...this.#warm].filter((warm) => warm.key === key).length >= this.#settings.processesPerPlugin;
  }

  /** Where there is room, so that no call has to wait for it. */
  #startNext(key: string): void {
    if (!this.#isClosed && this.#warm.size < this.#settings.processes && !this.#isFull(key)) this.#add(key).process.letGo();
  }

  #add(key: string): Warm {
    const process = this.#start();
    const idleTimer = setTimeout(() => {
      if (!warm.isBusy) void this.#end(warm);
    }, this.#settings.idleMs).unref();
    const warm: Warm = { key, process, bornAt: monotonicMs(), calls: 0, isBusy: false, idleTimer, lookedAtMs: -Infinity, lookTimer: undefined };
    this.#warm.add(warm);
    void process.ended.then(() => this.#remove(warm));
    return warm;
  }

  #lend(warm: Warm): Lease {
    warm.isBusy = true;
    warm.calls += 1;
    const { calls: most } = this.#settings;
    // Once the call is on its way: this process stands still while it starts another one.
    if (warm.calls === most - Math.ceil(most * STARTS_AHEAD)) setImmediate(() => this.#startNext(warm.key));
    return {
      process: warm.process,
      giveBack: () => this.#takeBack(warm),
      discard: () => this.#end(warm),
    };
  }

  #takeBack(warm: Warm): void {
    warm.isBusy = false;
    if (this.#isClosed || this.#isSpent(warm)) void this.#end(warm);
    else if (this.#warm.delete(warm)) {
      // At the end: who has waited longest comes first.
      this.#warm.add(warm);
      warm.process.letGo();
      warm.idleTimer.refresh();
    }
    this.#serve();
  }

  #isSpent(warm: Warm): boolean {
    const { calls: most, ageMs } = this.#settings;
    const now = monotonicMs();
    if (warm.calls >= most || now - warm.bornAt >= ageMs) return true;
    if (now - warm.lookedAtMs >= LOOK_MS) return this.#isTooLarge(warm);
    warm.lookTimer ??= setTimeout(() => {
      warm.lookTimer = undefined;
      // The end of a call is the next look otherwise.
      if (!warm.isBusy && this.#isTooLarge(warm)) void this.#end(warm);
    }, LOOK_MS).unref();
    return false;
  }

  #isTooLarge(warm: Warm): boolean {
    warm.lookedAtMs = monotonicMs();
    return this.#memoryOf(warm.process.pid ?? 0) > this.#settings.memoryBytes;
  }

  async #end(warm: Warm): Promise<void> {
    this.#remove(warm);
    await warm.process.end();
  }

  #remove(warm: Warm): void {
    this.#forgetTimers(warm);
    if (this.#warm.delete(warm)) this.#serve();
  }

  #forgetTimers({ idleTimer, lookTimer }: Warm): void {
    clearTimeout(idleTimer);
    clearTimeout(lookTimer);
  }

  #forget(waiter: Waiter): void {
    const left = (this.#waiting.get(waiter.key) ?? []).filter((other) => other !== waiter);
    if (left.length === 0) this.#waiting.delete(waiter.key);
    else this.#waiting.set(waiter.key, left);
  }
}
