import type { Client } from '@kb-labs/client';
import { isTerminalRun, type RunView } from '@kb-labs/contracts';

import { pauseFor } from '../attend/pause-for.js';
import { patiently } from './patiently.js';
import { thaw } from './thaw.js';

/** A run that changes all the time is asked for so often at most: requests count for the limit of a key. */
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/** A run at a gateway, after every change that its events tell of. What was cut off goes on by itself. */
export async function* remoteViews(client: Client, runId: string, signal: AbortSignal): AsyncGenerator<RunView> {
  if (signal.aborted) return;
  const params = { id: runId };
  const left = new AbortController();
  const stop = (): void => {
    left.abort();
  };
  signal.addEventListener('abort', stop, { once: true });
  const news = new News();
  try {
    // The first answer tells whether there is anything to follow, and is not asked for twice.
    const read = (): Promise<RunView> => thaw(client.call('getRun', { params, signal: left.signal }));
    let view = await read();
    yield view;
    if (isTerminalRun(view.status)) return;
    void hearEvents(client, runId, { news, signal: left.signal });
    for (let pauseMs = SHORTEST_PAUSE_MS; await news.next(); ) {
      view = await patiently(read, left.signal);
      yield view;
      if (isTerminalRun(view.status)) return;
      await pauseFor(pauseMs, left.signal);
      pauseMs = news.waiting ? Math.min(2 * pauseMs, LONGEST_PAUSE_MS) : SHORTEST_PAUSE_MS;
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  } finally {
    stop();
    signal.removeEventListener('abort', stop);
  }
}

async function hearEvents(client: Client, runId: string, { news, signal }: { news: News; signal: AbortSignal }): Promise<void> {
  try {
    for await (const _event of client.follow('runEvents', { params: { id: runId }, signal })) news.tell();
    // The end of a run is news too; a stream that was left has none.
    if (!signal.aborted) news.tell();
    news.end();
  } catch (thrown) {
    news.end(thrown instanceof Error ? thrown : new Error(String(thrown)));
  }
}

/** Whether there is something new, however often it was said. */
class News {
  #told = false;
  #over = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  get waiting(): boolean {
    return this.#told;
  }

  tell(): void {
    this.#told = true;
    this.#wake?.();
  }

  end(failure?: Error): void {
    this.#over = true;
    this.#failure = failure;
    this.#wake?.();
  }

  /** Resolves with `false` when nothing new will come. Fails with what it ended with. */
  async next(): Promise<boolean> {
    if (!this.#told && !this.#over) await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#told) {
      this.#told = false;
      return true;
    }
    if (this.#failure !== undefined) throw this.#failure;
    return false;
  }
}
