import type { Clock, Logger } from '@kb-labs/ports';

import type { Changes } from './commit-group.js';

/** How often a watcher for tickets looks whether a holder's process has died, in milliseconds. */
const LIVENESS_MS = 500;

export interface ChangeWatchOptions {
  readonly clock: Clock;
  /** How often the file is asked whether another process has written. */
  readonly checkMs: number;
  readonly logger: Logger | undefined;
  /** A number that changes whenever another connection has committed. */
  readonly foreignVersion: () => number;
  /** Whether the process of a worker has died since the last call. */
  readonly workerDied: () => boolean;
}

interface Subscription {
  readonly callback: () => void;
  /** Called once without a cause, so that nothing is missed between a caller's reading and its watching. */
  fresh: boolean;
}

/**
 * Tells who watches that something may have changed: at once for commits of this store, within `checkMs` for those of
 * other processes. It polls only while there is a watcher. A watcher keeps the process alive, like a listening
 * socket: somebody waits for news.
 */
export class ChangeWatch {
  readonly #options: ChangeWatchOptions;
  readonly #topics = new Map<string, Set<Subscription>>();
  #stop: (() => void) | undefined;
  #version = 0;
  #livenessAt = 0;
  #failing = false;

  constructor(options: ChangeWatchOptions) {
    this.#options = options;
  }

  watchRun(runId: string | null, callback: () => void): () => void {
    return this.#subscribe(runTopic(runId), callback);
  }

  watchLogs(runId: string, callback: () => void): () => void {
    return this.#subscribe(logTopic(runId), callback);
  }

  watchReady(callback: () => void): () => void {
    return this.#subscribe(READY, callback);
  }

  /** After a commit of this store. */
  announce(changes: Changes): void {
    if (this.#topics.size === 0) return;
    for (const run of changes.runs) this.#call(runTopic(run));
    if (changes.runs.size > 0) this.#call(runTopic(null));
    for (const run of changes.logs) this.#call(logTopic(run));
    if (changes.ready) this.#call(READY);
  }

  close(): void {
    this.#topics.clear();
    this.#rest();
  }

  #subscribe(topic: string, callback: () => void): () => void {
    const subscription: Subscription = { callback, fresh: true };
    const subscriptions = this.#topics.get(topic) ?? new Set();
    this.#topics.set(topic, subscriptions.add(subscription));
    if (this.#stop === undefined) this.#arm();
    return () => {
      subscriptions.delete(subscription);
      if (subscriptions.size === 0 && this.#topics.get(topic) === subscriptions) this.#topics.delete(topic);
      if (this.#topics.size === 0) this.#rest();
    };
  }

  #arm(): void {
    this.#stop = this.#options.clock.after(this.#options.checkMs, () => {
      this.#stop = undefined;
      this.#check();
      if (this.#topics.size > 0 && this.#stop === undefined) this.#arm();
    });
  }

  #rest(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #check(): void {
    const foreign = this.#hasForeignWrites();
    for (const [topic, subscriptions] of [...this.#topics]) {
      for (const subscription of [...subscriptions]) if (foreign || subscription.fresh) this.#notify(subscription);
      if (topic === READY && !foreign && this.#hasDeadWorker()) this.#call(READY);
    }
  }

  #hasForeignWrites(): boolean {
    try {
      const version = this.#options.foreignVersion();
      const grown = version !== this.#version;
      this.#version = version;
      this.#failing = false;
      return grown;
    } catch (thrown) {
      this.#complain(thrown);
      return false;
    }
  }

  #hasDeadWorker(): boolean {
    const now = this.#options.clock.now();
    if (Math.abs(now - this.#livenessAt) < LIVENESS_MS) return false;
    this.#livenessAt = now;
    try {
      return this.#options.workerDied();
    } catch (thrown) {
      this.#complain(thrown);
      return false;
    }
  }

  /** The next look may succeed; one line is enough for a row of failures. */
  #complain(thrown: unknown): void {
    if (!this.#failing) this.#options.logger?.warn('cannot look for changes of other processes', { problem: messageOf(thrown) });
    this.#failing = true;
  }

  #call(topic: string): void {
    for (const subscription of [...(this.#topics.get(topic) ?? [])]) this.#notify(subscription);
  }

  #notify(subscription: Subscription): void {
    subscription.fresh = false;
    try {
      subscription.callback();
    } catch (thrown) {
      this.#options.logger?.error('a watcher threw', { problem: messageOf(thrown) });
    }
  }
}

const READY = 'ready';

function runTopic(runId: string | null): string {
  return runId === null ? 'run' : `run ${runId}`;
}

function logTopic(runId: string): string {
  return `log ${runId}`;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
