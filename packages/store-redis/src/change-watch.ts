import type { Clock, Logger, RunChange } from '@kb-labs/ports';

import type { RedisClient } from './connect.js';
import type { Channels } from './keys.js';
import { Subscriptions } from './subscriptions.js';

export interface ChangeWatchOptions {
  readonly clock: Clock;
  /** How often whoever watches a run or a log is called, in case a hint was lost. */
  readonly checkMs: number;
  readonly logger: Logger | undefined;
  readonly channels: Channels;
  /** Makes the connection that listens, when somebody first watches. */
  readonly connect: () => RedisClient;
}

/** Called with what a message says, or with nothing. */
type Callback = (message: string) => void;

interface Topic {
  readonly callbacks: Set<Callback>;
  /** Settles once messages arrive, or cannot: looking goes on in any case. */
  readonly listening: Promise<void>;
}

/**
 * Tells who watches that something may have changed: by messages of whoever wrote, and every `checkMs` whether or not one
 * came, because messages are not kept. Whoever waits for tickets is called by messages alone, and looks from time to time itself. A new watcher is called once without a cause, so that nothing is missed between
 * reading and watching.
 */
export class ChangeWatch {
  readonly #options: ChangeWatchOptions;
  readonly #topics = new Map<string, Topic>();
  #client: RedisClient | undefined;
  #subscriptions: Subscriptions | undefined;
  #stop: (() => void) | undefined;
  #closed = false;

  constructor(options: ChangeWatchOptions) {
    this.#options = options;
  }

  /** What a message says of a run comes along. */
  watchRun(runId: string | null, callback: (change?: RunChange) => void): () => void {
    const { channels } = this.#options;
    return this.#subscribe(runId === null ? channels.runs : channels.run(runId), (message) => callback(parseChange(message)));
  }

  watchLogs(runId: string, callback: () => void): () => void {
    return this.#subscribe(this.#options.channels.logs(runId), callback);
  }

  watchReady(callback: (only?: 'room') => void): () => void {
    return this.#subscribe(this.#options.channels.ready, (message) => callback(message === 'room' ? 'room' : undefined));
  }

  close(): void {
    this.#closed = true;
    this.#topics.clear();
    this.#rest();
    this.#client?.disconnect();
  }

  #subscribe(channel: string, callback: Callback): () => void {
    if (this.#closed) return () => undefined;
    const own: Callback = (message) => callback(message);
    const topic = this.#topics.get(channel) ?? this.#open(channel);
    topic.callbacks.add(own);
    this.#arm();
    void topic.listening.then(() => {
      if (!this.#closed && topic.callbacks.has(own)) this.#notify(own);
    });
    return () => {
      topic.callbacks.delete(own);
      if (topic.callbacks.size > 0 || this.#topics.get(channel) !== topic) return;
      this.#topics.delete(channel);
      this.#subscriptions?.unsubscribe(channel);
      if (!this.#hasChecked) this.#rest();
    };
  }

  #open(channel: string): Topic {
    const topic: Topic = { callbacks: new Set(), listening: this.#listen().subscribe(channel) };
    this.#topics.set(channel, topic);
    return topic;
  }

  #listen(): Subscriptions {
    if (this.#subscriptions !== undefined) return this.#subscriptions;
    const client = this.#options.connect();
    client.on('message', (channel: string, message: string) => this.#call(channel, message));
    // What is written while the connection is away is told to nobody.
    client.once('ready', () => client.on('ready', () => this.#callAll()));
    this.#client = client;
    return (this.#subscriptions = new Subscriptions(client));
  }

  #arm(): void {
    if (this.#stop !== undefined || this.#closed || !this.#hasChecked) return;
    this.#stop = this.#options.clock.after(this.#options.checkMs, () => {
      this.#stop = undefined;
      for (const channel of [...this.#topics.keys()]) if (channel !== this.#options.channels.ready) this.#call(channel);
      this.#arm();
    });
  }

  get #hasChecked(): boolean {
    return this.#topics.size > (this.#topics.has(this.#options.channels.ready) ? 1 : 0);
  }

  #rest(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #callAll(): void {
    for (const channel of [...this.#topics.keys()]) this.#call(channel);
  }

  #call(channel: string, message = ''): void {
    for (const callback of [...(this.#topics.get(channel)?.callbacks ?? [])]) this.#notify(callback, message);
  }

  #notify(callback: Callback, message = ''): void {
    try {
      callback(message);
    } catch (thrown) {
      this.#options.logger?.error('a watcher threw', { problem: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  }
}

/** `<last decision> <1 when the run has ended>`, or nothing. */
function parseChange(message: string): RunChange | undefined {
  const [decided, ended] = message.split(' ');
  return ended === undefined ? undefined : { decided: Number(decided), ended: ended === '1' };
}
