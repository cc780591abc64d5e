import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What lets a program see another time than the machine has (Debian: faketime); `undefined` where it is not installed. */
export function findFakeTime(): string | undefined {
  for (const folder of ['/usr/lib', '/usr/local/lib', '/usr/lib64']) {
    const places = ['', ...(existsSync(folder) ? readdirSync(folder) : [])];
    const found = places.map((place) => join(folder, place, 'faketime/libfaketime.so.1')).find((path) => existsSync(path));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A clock of processes that are started with `env`, moved by what is written to a file. */
export class FakeTime {
  readonly env: NodeJS.ProcessEnv;
  readonly #file: string;
  #aheadMs = 0;

  constructor(library: string, file: string) {
    this.#file = file;
    this.env = { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
    this.set(Date.now());
  }

  now(): number {
    return Date.now() + this.#aheadMs;
  }

  /** It is this time now, and goes on from there. */
  set(now: number): void {
    this.#aheadMs = now - Date.now();
    // A process that reads it meanwhile finds the one or the other.
    writeFileSync(`${this.#file}.new`, `${this.#aheadMs < 0 ? '-' : '+'}${(Math.abs(this.#aheadMs) / 1_000).toFixed(3)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}
