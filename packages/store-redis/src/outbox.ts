import type { RunId } from '@kb-labs/contracts';
import { AppError, hasCode } from '@kb-labs/errors';

import type { Keys } from './keys.js';
import type { Link } from './link.js';
import { APPLY_ENTRIES } from './lua/apply-entries.js';
import { ACKNOWLEDGE } from './lua/run-scripts.js';

/** How many runs one step of a sweep looks at. */
const PAGE = 1_000;
/** As many as a script answers at once. */
const ENTRIES_AT_ONCE = 100;

/**
 * What a write to one run asks of the installation lies in the run's outbox, written together with it. `settle` does it
 * and takes it out; whoever dies in between leaves it to the sweep of others. Doing an entry twice changes nothing.
 */
export class Outbox {
  readonly #link: Link;
  readonly #keys: Keys;
  /** Runs of which this process does not know whether it left something. */
  readonly #undone = new Set<RunId>();

  constructor(link: Link, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
  }

  /** Writes to a run by a script that answers what waits in its outbox, and does that. Remembers the run when either fails. */
  async write<Reply>(runId: RunId, send: () => Promise<Reply>, waitingIn: (reply: Reply) => readonly string[]): Promise<Reply> {
    try {
      const reply = await send();
      const waiting = waitingIn(reply);
      // Mostly nothing does.
      if (waiting.length > 0) await this.#settle(runId, waiting);
      return reply;
    } catch (thrown) {
      this.#undone.add(runId);
      throw thrown;
    }
  }

  /** The same for several runs at once. What waits in their outboxes is done in the order of the list. */
  async writeEach<Reply>(
    writes: readonly (readonly [RunId, () => Promise<Reply>])[],
    waitingIn: (reply: Reply) => readonly string[],
  ): Promise<Reply[]> {
    try {
      const answered = await Promise.all(writes.map(async ([runId, send]) => ({ runId, reply: await send() })));
      // All of it goes over one connection, in order.
      await Promise.all(answered.map(({ runId, reply }) => this.#settle(runId, waitingIn(reply))));
      return answered.map(({ reply }) => reply);
    } catch (thrown) {
      for (const [runId] of writes) this.#undone.add(runId);
      throw thrown;
    }
  }

  get hasUndone(): boolean {
    return this.#undone.size > 0;
  }

  /** Does what is left undone for these runs. Answers what stood in the way. */
  async flush(runIds: readonly RunId[]): Promise<AppError[]> {
    const results = await Promise.allSettled(runIds.map(async (runId) => await this.#flush(runId)));
    return results.flatMap((result) => (result.status === 'rejected' && result.reason instanceof AppError ? [result.reason] : []));
  }

  flushUndone(): Promise<AppError[]> {
    return this.flush([...this.#undone]);
  }

  /** The same for a page of the open runs with ids after `after`. `next` is where the next page begins, `undefined` at the end. */
  async sweepPage(after: RunId | undefined): Promise<{ next: RunId | undefined; problems: AppError[] }> {
    const from = after === undefined ? '-' : `(${after}`;
    const page = (await this.#link.call('ZRANGE', this.#keys.open, from, '+', 'BYLEX', 'LIMIT', 0, PAGE)) as RunId[];
    const lengths = await Promise.all(page.map((runId) => this.#link.call('LLEN', this.#keys.of(runId).outbox)));
    const problems = await this.flush(page.filter((_, index) => Number(lengths[index]) > 0));
    return { next: page.length < PAGE ? undefined : page.at(-1), problems };
  }

  async #flush(runId: RunId): Promise<void> {
    try {
      await this.#settle(runId, await this.#waiting(runId));
      this.#undone.delete(runId);
    } catch (thrown) {
      // What is damaged will not mend by being looked at again.
      if (hasCode(thrown, 'STATE_CORRUPT')) this.#undone.delete(runId);
      throw thrown;
    }
  }

  async #settle(runId: RunId, waiting: readonly string[]): Promise<void> {
    let entries = waiting;
    while (entries.length > 0) {
      const done = await this.#apply(runId, entries);
      const { outbox } = this.#keys.of(runId);
      const acknowledge = (): Promise<unknown> => this.#link.run(ACKNOWLEDGE, [outbox], [done]);
      if (entries.length < ENTRIES_AT_ONCE) {
        // Nobody waits for it: an entry that stays is done again, to no effect.
        this.#link.inBackground(acknowledge);
        return;
      }
      await acknowledge();
      entries = await this.#waiting(runId);
    }
  }

  async #waiting(runId: RunId): Promise<string[]> {
    return (await this.#link.call('LRANGE', this.#keys.of(runId).outbox, 0, ENTRIES_AT_ONCE - 1)) as string[];
  }

  async #apply(runId: RunId, entries: readonly string[]): Promise<number> {
    const numbered = entries.flatMap((entry) => {
      const space = entry.indexOf(' ');
      return [entry.slice(0, space), entry.slice(space + 1)];
    });
    const [done] = (await this.#link.run(APPLY_ENTRIES, [this.#keys.base], [this.#link.now, runId, ...numbered])) as [number | 'gap', number?];
    if (done === 'gap') throw new AppError('STATE_CORRUPT', { problem: `what belongs to ${runId} is missing before entry ${String(numbered[0])} of its outbox` });
    return done;
  }
}
