import type { Clock, Logger, RunChange } from '@kb-labs/ports';

import type { Changes } from './commit-group.js';

/** How often a watcher for tickets looks whether a holder's process has died, in milliseconds. */
const LIVENESS_MS = 500;
/** At least this often while somebody follows a log, in milliseconds: lines come one by one, and a person sees that they are late. */
const LOG_CHECK_MS = 10;
/** After so many looks at the file without a write of another process … */
const QUIET_LOOKS = 80;
/** … it is left to the system to tell of the next one, and looked at this rarely, in milliseconds: each time long enough after the last to look for dead holders too. */
const REST_MS = LIVENESS_MS + 10;

export interface ChangeWatchOptions {
  readonly clock: Clock;
  /** How often the file is asked whether another process has written; more often while somebody follows a log. */
  readonly checkMs: number;
  readonly logger: Logger | undefined;
  /** A number that changes whenever another connection has committed. */
  readonly foreignVersion: () => number;
  /** Calls back when the file is written to, by whomever, until the returned function is called. Fails where the system cannot tell. */
  readonly listen: (onWrite: () => void) => () => void;
  /** Whether the process of a worker has died since the last call. */
  readonly workerDied: () => boolean;
}

/** What is known of a change: how a journal stands, or that there is only room for tickets. */
type About = RunChange | 'room';

interface Subscription {
  readonly callback: (about?: About) => void;
  /** Called once without a cause, so that nothing is missed between a caller's reading and its watching. */
  fresh: boolean;
}

/**
 * Tells who watches that something may have changed: at once for commits of this store, within `checkMs` for those of
 * other processes. It polls only while there is a watcher, and hardly ever while nothing happens: then the system says when the file changes. A watcher keeps the process alive, like a listening
 * socket: somebody waits for news.
 */
export class ChangeWatch {
  readonly #options: ChangeWatchOptions;
  readonly #topics = new Map<string, Set<Subscription>>();
  #stop: (() => void) | undefined;
  #quietLooks = 0;
  #unlisten: (() => void) | undefined;
  #version = 0;
  #livenessAt = 0;
  #failing = false;

  constructor(options: ChangeWatchOptions) {
    this.#options = options;
  }

  watchRun(runId: string | null, callback: (change?: RunChange) => void): () => void {
    return this.#subscribe(runTopic(runId), (about) => callback(about === 'room' ? undefined : about));
  }

  watchLogs(runId: string, callback: () => void): () => void {
    return this.#subscribe(logTopic(runId), callback);
  }

  watchReady(callback: (only?: 'room') => void): () => void {
    return this.#subscribe(READY, (about) => callback(about === 'room' ? about : undefined));
  }

  /** After a commit of this store. */
  announce(changes: Changes): void {
    if (this.#topics.size === 0) return;
    for (const [run, change] of changes.runs) this.#call(runTopic(run), change);
    if (changes.runs.size > 0) this.#call(runTopic(null));
    for (const run of changes.logs) this.#call(logTopic(run));
    if (changes.ready || changes.queued.size > 0) this.#call(READY);
    else if (changes.room) this.#call(READY, 'room');
  }

  close(): void {
    this.#topics.clear();
    this.#rest();
  }

  #subscribe(topic: string, callback: Subscription['callback']): () => void {
    const subscription: Subscription = { callback, fresh: true };
    const subscriptions = this.#topics.get(topic) ?? new Set();
    this.#topics.set(topic, subscriptions.add(subscription));
    if (this.#unlisten !== undefined) this.#stir();
    if (this.#stop === undefined) this.#arm();
    return () => {
      subscriptions.delete(subscription);
      if (subscriptions.size === 0 && this.#topics.get(topic) === subscriptions) this.#topics.delete(topic);
      if (this.#topics.size === 0) this.#rest();
    };
  }

  #arm(): void {
    const { clock, checkMs } = this.#options;
    const isQuiet = this.#unlisten !== undefined && this.#quietLooks > QUIET_LOOKS;
    const often = this.#topics.keys().some(isLogTopic) ? Math.min(LOG_CHECK_MS, checkMs) : checkMs;
    this.#stop = clock.after(isQuiet ? Math.max(REST_MS, checkMs) : often, () => this.#look());
  }

  #look(): void {
    this.#stop = undefined;
    this.#check();
    if (this.#topics.size > 0 && this.#stop === undefined) this.#arm();
  }

  #rest(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#stir();
  }

  #check(): void {
    const foreign = this.#hasForeignWrites();
    if (foreign) this.#stir();
    else this.#settle();
    for (const [topic, subscriptions] of [...this.#topics]) {
      for (const subscription of [...subscriptions]) if (foreign || subscription.fresh) this.#notify(subscription);
      if (topic === READY && !foreign && this.#hasDeadWorker()) this.#call(READY);
    }
  }

  /** The look after this one is still soon: it finds what was written before the system was asked to tell. */
  #settle(): void {
    this.#quietLooks += 1;
    if (this.#quietLooks < QUIET_LOOKS || this.#unlisten !== undefined) return;
    try {
      this.#unlisten = this.#options.listen(() => {
        if (this.#unlisten === undefined) return;
        this.#rest();
        this.#look();
      });
    } catch {
      // Looking often goes on.
      this.#quietLooks = 0;
    }
  }

  /** From now on it is looked often again. */
  #stir(): void {
    this.#quietLooks = 0;
    this.#unlisten?.();
    this.#unlisten = undefined;
    if (this.#stop === undefined) return;
    this.#stop();
    this.#arm();
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

  #call(topic: string, about?: About): void {
    for (const subscription of [...(this.#topics.get(topic) ?? [])]) this.#notify(subscription, about);
  }

  #notify(subscription: Subscription, about?: About): void {
    if (about !== 'room') subscription.fresh = false;
    try {
      subscription.callback(about);
    } catch (thrown) {
      this.#options.logger?.error('a watcher threw', { problem: messageOf(thrown) });
    }
  }
}

const READY = 'ready';

function runTopic(runId: string | null): string {
  return runId === null ? 'run' : `run ${runId}`;
}

const LOG = 'log ';

function logTopic(runId: string): string {
  return LOG + runId;
}

function isLogTopic(topic: string): boolean {
  return topic.startsWith(LOG);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
