import type { Clock } from '@kb-labs/ports';

import type { Keys } from './keys.js';
import type { Link } from './link.js';
import { SERVER_TIME } from './lua/installation-views.js';

/** A clock that drifts by 100 ms in an hour is a third of a millisecond away after so long. */
const MEASURED_EVERY_MS = 10_000;

/**
 * The time of the server, known here without asking. Whoever waits for an instant by another clock finds that its ticket came
 * before its time, or waits for one that is due already.
 */
export class ServerTime {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #clock: Clock;
  /** How far it is ahead of the time of this machine. */
  #aheadMs = 0;
  #stop: (() => void) | undefined;

  constructor(link: Link, keys: Keys, clock: Clock) {
    this.#link = link;
    this.#keys = keys;
    this.#clock = clock;
  }

  now(): number {
    return Math.round(this.#clock.now() + this.#aheadMs);
  }

  /** Measures now, and again all the time. */
  async start(): Promise<void> {
    await this.#measure();
    this.#arm();
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #arm(): void {
    this.#stop = this.#clock.after(
      MEASURED_EVERY_MS,
      () => {
        this.#link.inBackground(() => this.#measure());
        if (!this.#link.isClosed) this.#arm();
      },
      { unref: true },
    );
  }

  /** The answer was written somewhere between asking and getting it, and all times are cut to milliseconds. What fits into that is left as it is. */
  async #measure(): Promise<void> {
    const asked = this.#clock.now();
    const time = Number(await this.#link.run(SERVER_TIME, [this.#keys.base], [this.#link.now]));
    const [least, most] = [time - this.#clock.now() - 1, time + 1 - asked];
    if (this.#aheadMs < least || this.#aheadMs > most) this.#aheadMs = (least + most) / 2;
  }
}
