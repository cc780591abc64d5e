import type { Clock } from '@kb-labs/ports';

/** Timers by name: another one of the same name takes the place of the first. */
export class NamedTimers {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #onFailure: (name: string, error: unknown) => void;
  readonly #timers = new Map<string, () => void>();

  /** `onFailure` is told what work that is done again and again has thrown. */
  constructor(clock: Pick<Clock, 'after'>, onFailure: (name: string, error: unknown) => void) {
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  after(name: string, ms: number, callback: () => void): void {
    this.#timers.get(name)?.();
    this.#timers.set(name, this.#clock.after(ms, callback));
  }

  /** Does something again and again, so long after its last end, until `clear`, whatever is thrown. */
  every(name: string, ms: number, work: () => void | Promise<void>): void {
    this.after(name, ms, () => {
      void Promise.resolve(work())
        .catch((error: unknown) => this.#onFailure(name, error))
        .finally(() => {
          if (this.#timers.has(name)) this.every(name, ms, work);
        });
    });
  }

  clear(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }
}
