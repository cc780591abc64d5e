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

export interface SweepOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly logger: Logger | undefined;
}

/** Takes the steps that processes left undone when they died between two of them. */
export class Sweep {
  readonly #deps: StoreDeps;
  readonly #options: SweepOptions;
  readonly #name = randomUUID();
  #after: RunId | undefined;
  #stop: (() => void) | undefined;
  #failing = false;

  constructor(deps: StoreDeps, options: SweepOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** From now on and until `stop`: a page of the open runs at a time, by one process of all. */
  start(): void {
    this.#arm();
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Everything at once. Fails with the first of the problems there were, after having done the rest. */
  async all(): Promise<void> {
    const problems = [...(await this.#finishReserved(0)), ...(await finishRemovals(this.#deps, await this.#now()))];
    let after: RunId | undefined;
    do {
      const page = await this.#deps.outbox.sweepPage(after);
      problems.push(...page.problems);
      after = page.next;
    } while (after !== undefined);
    const [first] = problems;
    if (first !== undefined) throw first;
  }

  #arm(): void {
    this.#stop = this.#options.clock.after(
      this.#options.everyMs,
      () => {
        const step = this.#deps.link.operate(() => this.#step());
        step.then(
          () => this.#next(),
          (thrown: unknown) => this.#complain(thrown),
        );
      },
      { unref: true },
    );
  }

  #next(): void {
    this.#failing = false;
    if (!this.#deps.link.isClosed) this.#arm();
  }

  /** One line is enough for a row of failures. */
  #complain(thrown: unknown): void {
    if (this.#deps.link.isClosed) return;
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    if (!this.#failing) this.#options.logger?.warn('cannot look for what other processes left undone', { problem });
    this.#failing = true;
    this.#arm();
  }

  async #step(): Promise<void> {
    const { link, keys, outbox } = this.#deps;
    this.#report(await outbox.flushUndone());
    const ours = await link.call('SET', keys.sweeper, this.#name, 'NX', 'PX', Math.max(1, Math.floor(this.#options.everyMs * 0.9)));
    if (ours === null) return;
    this.#report(await this.#finishReserved(BUSY_MS));
    this.#report(await finishRemovals(this.#deps, (await this.#now()) - BUSY_MS));
    const { next, problems } = await outbox.sweepPage(this.#after);
    this.#after = next;
    this.#report(problems);
  }

  #report(problems: readonly AppError[]): void {
    for (const { message } of problems) this.#options.logger?.error('what was left undone cannot be done', { problem: message });
  }

  async #finishReserved(olderThanMs: number): Promise<AppError[]> {
    const { link, keys } = this.#deps;
    const now = await this.#now();
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

  async #now(): Promise<number> {
    const { link } = this.#deps;
    if (link.now !== '') return Number(link.now);
    const [seconds, micros] = (await link.call('TIME')) as [string, string];
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  }
}
