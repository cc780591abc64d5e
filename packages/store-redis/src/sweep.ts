import { randomUUID } from 'node:crypto';

import type { RunId } from '@kb-labs/contracts';
import { type AppError, fromUnknown } from '@kb-labs/errors';
import type { Clock, Logger } from '@kb-labs/ports';

import { finishCreating } from './create-run.js';
import type { StoreDeps } from './deps.js';
import { finishRemovals } from './remove-parts.js';

/** A reservation younger than this is being dealt with, in milliseconds. */
const BUSY_MS = 2_000;
/** One older than this whose run was never opened, and that nobody can open, is given up. */
const GIVEN_UP_MS = 60_000;
const AT_ONCE = 100;
/** How many sweeps a process may miss before it counts as dead. */
const MISSED = 3;
/** The outboxes are looked at as often as this without a cause, in milliseconds. */
const LONGEST_MS = 600_000;

export interface SweepOptions {
  readonly clock: Clock;
  /** The time that all processes go by. */
  readonly now: () => number;
  readonly everyMs: number;
  readonly logger: Logger | undefined;
}

/**
 * Takes the steps that were left undone between two others. What this process left, it knows. What others began and noted, one
 * process of all looks up with every sweep.
 *
 * To look into the outbox of every open run costs a call for each, so it is done only when one can have been left: when this
 * process opens the state, after it lost its connection (the server may have lost its last moments), and when another process has
 * fallen silent. A process is heard of from before its first write until it closes with nothing undone, so one that dies in between
 * does fall silent. A packet that arrives after its process was taken for dead is found by the look every ten minutes, if nobody writes to its run before.
 */
export class Sweep {
  readonly #deps: StoreDeps;
  readonly #options: SweepOptions;
  readonly #name = randomUUID();
  readonly #reconnected = (): void => this.#hurry();
  #lookedAt: number | undefined;
  #stop: (() => void) | undefined;
  #stopped = false;
  #sweeping = false;
  #again = false;
  #failing = false;

  constructor(deps: StoreDeps, options: SweepOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** From now on and until `stop`. The first time is sooner: another process may have died before this one began. */
  start(): void {
    const { link } = this.#deps;
    link.inBackground(() => this.#beHeard());
    link.client.on('ready', this.#reconnected);
    this.#arm(this.#options.everyMs / 5);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#stop?.();
    const { link, keys, outbox } = this.#deps;
    link.client.off('ready', this.#reconnected);
    // Whoever says goodbye leaves nothing undone, and nobody waits for a server that is away.
    if (!outbox.hasUndone && link.client.status === 'ready') link.inBackground(() => link.call('ZREM', keys.processes, this.#name));
  }

  /** Everything at once. Fails with the first of the problems there were, after having done the rest. */
  async all(): Promise<void> {
    const problems = [...(await this.#finishReserved(0)), ...(await finishRemovals(this.#deps, this.#options.now())), ...(await this.#lookIntoOutboxes())];
    const [first] = problems;
    if (first !== undefined) throw first;
  }

  #hurry(): void {
    this.#lookedAt = undefined;
    this.#again = this.#sweeping;
    if (this.#sweeping) return;
    this.#stop?.();
    this.#arm(0);
  }

  #arm(ms: number): void {
    if (this.#stopped) return;
    this.#stop = this.#options.clock.after(
      ms,
      () => {
        this.#sweeping = true;
        const sweep = this.#deps.link.operate(() => this.#sweep()).then(
          () => void (this.#failing = false),
          (thrown: unknown) => this.#complain(thrown),
        );
        void sweep.then(() => {
          this.#sweeping = false;
          this.#arm(this.#again ? 0 : this.#options.everyMs);
          this.#again = false;
        });
      },
      { unref: true },
    );
  }

  /** One line is enough for a row of failures. */
  #complain(thrown: unknown): void {
    if (this.#deps.link.isClosed) return;
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    if (!this.#failing) this.#options.logger?.warn('cannot look for what other processes left undone', { problem });
    this.#failing = true;
  }

  async #sweep(): Promise<void> {
    const { link, keys, outbox } = this.#deps;
    const { now, everyMs } = this.#options;
    this.#report(await outbox.flushUndone());
    if (this.#stopped) return;
    const [, ours] = await Promise.all([this.#beHeard(), link.call('SET', keys.sweeper, this.#name, 'NX', 'PX', Math.max(1, Math.floor(everyMs * 0.9)))]);
    if (ours === null) return;
    this.#report(await this.#finishReserved(BUSY_MS));
    this.#report(await finishRemovals(this.#deps, now() - BUSY_MS));
    const lookingAt = now();
    const silent = Number(await link.call('ZCOUNT', keys.processes, '-inf', lookingAt));
    if (silent === 0 && this.#lookedAt !== undefined && Math.abs(lookingAt - this.#lookedAt) < LONGEST_MS) return;
    this.#report(await this.#lookIntoOutboxes());
    // Not one that was heard of again meanwhile. Had this process died before, the next one would look.
    if (silent > 0) await link.call('ZREMRANGEBYSCORE', keys.processes, '-inf', lookingAt);
  }

  #beHeard(): Promise<unknown> {
    const { link, keys } = this.#deps;
    return link.call('ZADD', keys.processes, this.#options.now() + MISSED * this.#options.everyMs, this.#name);
  }

  async #lookIntoOutboxes(): Promise<AppError[]> {
    const problems: AppError[] = [];
    this.#lookedAt = this.#options.now();
    try {
      let after: RunId | undefined;
      do {
        const page = await this.#deps.outbox.sweepPage(after);
        problems.push(...page.problems);
        after = page.next;
      } while (after !== undefined);
    } catch (thrown) {
      this.#lookedAt = undefined;
      throw thrown;
    }
    return problems;
  }

  #report(problems: readonly AppError[]): void {
    for (const { message } of problems) this.#options.logger?.error('what was left undone cannot be done', { problem: message });
  }

  async #finishReserved(olderThanMs: number): Promise<AppError[]> {
    const { link, keys } = this.#deps;
    const now = this.#options.now();
    const runs = (await link.call('ZRANGE', keys.reserved, '-inf', now - olderThanMs, 'BYSCORE', 'LIMIT', 0, AT_ONCE)) as RunId[];
    const results = await Promise.allSettled(runs.map((runId) => this.#finish(runId, now)));
    return results.flatMap((result) => (result.status === 'rejected' ? [fromUnknown(result.reason)] : []));
  }

  async #finish(runId: RunId, now: number): Promise<void> {
    const { link, keys, outbox } = this.#deps;
    const command = (await link.call('HGET', keys.commands, runId)) as string | null;
    if (command !== null) return await finishCreating(this.#deps, runId, command);
    const opened = await link.call('EXISTS', keys.of(runId).run);
    if (opened === 1) return void (await outbox.flush([runId]));
    const since = Number(await link.call('ZSCORE', keys.reserved, runId));
    if (now - since >= GIVEN_UP_MS) await link.call('ZREM', keys.reserved, runId);
  }
}
