import { mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Pairs that one call of mkfifo makes: what the call costs is little for each, and the names fit any command line. */
const PAIRS_AT_ONCE = 32;
/** With fewer left more are made, before there are none. */
const LOW_PAIRS = 16;

export type PipePaths = readonly [string, string];

/**
 * Named pipes in a private folder, made many at a time before they are needed: Node itself cannot make any. As many are made as are used at
 * the same time: one that everybody has closed holds nothing, and is as good as new (fifo(7)).
 */
export class PipeStock {
  readonly #parent: string;
  readonly #make: (paths: readonly string[]) => Promise<void>;
  readonly #pairs: PipePaths[] = [];
  #folder: string | undefined;
  #made = 0;
  #isMaking = false;

  /** `make` makes named pipes, or fails. */
  constructor(parent: string, make: (paths: readonly string[]) => Promise<void>) {
    this.#parent = parent;
    this.#make = make;
  }

  get isEmpty(): boolean {
    return this.#pairs.length === 0;
  }

  /** Whether there are some now. */
  async fill(): Promise<boolean> {
    if (!this.#isMaking) {
      this.#isMaking = true;
      await this.#makeMore().catch(() => undefined);
      this.#isMaking = false;
    }
    return !this.isEmpty;
  }

  /** `undefined` when there are none. */
  take(): PipePaths | undefined {
    if (this.#pairs.length <= LOW_PAIRS) void this.fill();
    return this.#pairs.pop();
  }

  /** Only what nobody has open any more. */
  giveBack(pair: PipePaths): void {
    this.#pairs.push(pair);
  }

  /** What somebody may have open is taken from nobody, and given to nobody else. */
  discard(pair: PipePaths): void {
    for (const path of pair) {
      try {
        unlinkSync(path);
      } catch {
        // Gone with the whole folder.
      }
    }
  }

  remove(): void {
    if (this.#folder === undefined) return;
    try {
      // Again where pipes were still being made: without their folder they no longer are.
      rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 10 });
    } catch {
      // It is swept once this process is gone.
    }
  }

  async #makeMore(): Promise<void> {
    // Named as the folders of steps are: what sweeps those of killed processes takes it along.
    const folder = (this.#folder ??= mkdtempSync(join(this.#parent, `kb-step-${process.pid}-`)));
    const pairs = Array.from({ length: PAIRS_AT_ONCE }, (_, at): PipePaths => {
      const name = join(folder, (this.#made + at).toString(36));
      return [`${name}-out`, `${name}-err`];
    });
    this.#made += PAIRS_AT_ONCE;
    await this.#make(pairs.flat());
    this.#pairs.push(...pairs);
  }
}
