import type { WorkerId } from '@kb-labs/contracts';
import type { Clock, WorkerInfo } from '@kb-labs/ports';

import type { Keys } from './keys.js';
import type { Link } from './link.js';
import { JOIN_WORKERS, LEAVE_WORKER } from './lua/hand-out.js';

export interface PresenceOptions {
  readonly clock: Clock;
  /** How long a worker counts as alive after it was last heard of, in milliseconds. */
  readonly presenceMs: number;
}

/**
 * The workers of this process, and that others hear of them: three times in the time after which they count as silent.
 * A worker that was forgotten meanwhile becomes known again that way.
 */
export class Presence {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #options: PresenceOptions;
  readonly #workers = new Map<WorkerId, string>();
  #stop: (() => void) | undefined;
  /** How many there are with those of other processes, as last heard. */
  #alive = Number.POSITIVE_INFINITY;

  constructor(link: Link, keys: Keys, options: PresenceOptions) {
    this.#link = link;
    this.#keys = keys;
    this.#options = options;
  }

  get presenceMs(): number {
    return this.#options.presenceMs;
  }

  get hasOthers(): boolean {
    return this.#alive > this.#workers.size;
  }

  async join(worker: WorkerInfo): Promise<void> {
    // Each once: tickets are looked for in one tree after the other.
    const scope = worker.scope === undefined ? '' : JSON.stringify([...new Set(worker.scope)]);
    await this.#send(new Map([[worker.id, scope]]), 1);
    this.#workers.set(worker.id, scope);
    this.#arm();
  }

  async leave(worker: WorkerId): Promise<void> {
    this.#workers.delete(worker);
    if (this.#workers.size === 0) this.close();
    await this.#link.run(LEAVE_WORKER, [this.#keys.base], [this.#link.now, worker]);
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #arm(): void {
    this.#stop ??= this.#options.clock.after(
      this.#options.presenceMs / 3,
      () => {
        this.#stop = undefined;
        this.#link.inBackground(() => this.#send(this.#workers, 0));
        if (!this.#link.isClosed) this.#arm();
      },
      { unref: true },
    );
  }

  async #send(workers: ReadonlyMap<WorkerId, string>, anew: 0 | 1): Promise<void> {
    if (workers.size === 0) return;
    this.#alive = Number(await this.#link.run(JOIN_WORKERS, [this.#keys.base], [this.#link.now, this.presenceMs, anew, ...[...workers].flat()]));
  }
}
