import type { RedisClient } from './connect.js';

interface Change {
  readonly command: 'subscribe' | 'unsubscribe';
  readonly channels: string[];
  readonly isDone: Promise<void>;
  readonly done: () => void;
}

/** What a connection listens to. Changes of the same kind that come up one after the other in a turn are one command: many jobs begin and end together. */
export class Subscriptions {
  readonly #client: RedisClient;
  #changes: Change[] = [];

  constructor(client: RedisClient) {
    this.#client = client;
  }

  /** Settles once messages arrive, or cannot. */
  subscribe(channel: string): Promise<void> {
    return this.#change('subscribe', channel);
  }

  unsubscribe(channel: string): void {
    void this.#change('unsubscribe', channel);
  }

  #change(command: Change['command'], channel: string): Promise<void> {
    const last = this.#changes.at(-1);
    if (last?.command === command) {
      last.channels.push(channel);
      return last.isDone;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#changes.push({ command, channels: [channel], isDone: promise, done: resolve });
    if (this.#changes.length === 1) process.nextTick(() => this.#send());
    return promise;
  }

  #send(): void {
    const changes = this.#changes;
    this.#changes = [];
    for (const { command, channels, done } of changes) this.#client[command](...channels).then(done, done);
  }
}
