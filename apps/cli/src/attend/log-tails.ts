import type { LogLine } from '@kb-labs/contracts';

/** The last lines of every step's log. */
export class LogTails {
  readonly #lines = new Map<string, LogLine[]>();
  readonly #keep: number;

  constructor(keep: number) {
    this.#keep = keep;
  }

  add(line: LogLine): void {
    const key = keyOf(line.job, line.step);
    const lines = this.#lines.get(key);
    if (lines === undefined) this.#lines.set(key, [line]);
    else if (lines.push(line) > 2 * this.#keep) lines.splice(0, lines.length - this.#keep);
  }

  of(job: string, step: string): readonly LogLine[] {
    return this.#lines.get(keyOf(job, step))?.slice(-this.#keep) ?? [];
  }
}

/** Neither id can hold a slash. */
function keyOf(job: string, step: string): string {
  return `${job}/${step}`;
}
