import { existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

/** What of `/proc` is looked at. */
export interface ProcFiles {
  readonly names: () => readonly string[];
  /** `undefined` for a process that has ended, or whose files are not for us, and for what this kernel does not have. */
  readonly read: (path: string) => string | undefined;
}

/** The files of this system. */
export const PROC_FILES: ProcFiles = {
  names: () => readdirSync('/proc'),
  read: (path) => (/^\d/.test(path) ? readWhole(path) : readAgain(path)),
};

function readWhole(path: string): string | undefined {
  const file = `/proc/${path}`;
  // Many of the processes that are looked for have ended: an error with its stack for each takes five times as long.
  if (!existsSync(file)) return undefined;
  try {
    // Text that is not UTF-8 is no harm here, and Node reads UTF-8 in one go.
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Files of the kernel itself stay, few as they are, and hold a line each. Open, they are read in a quarter of the time: there is a look after each call of a handler. */
const opened = new Map<string, number | undefined>();
const line = Buffer.alloc(256);

function readAgain(path: string): string | undefined {
  try {
    if (!opened.has(path)) opened.set(path, tryOpen(path));
    const file = opened.get(path);
    return file === undefined ? undefined : line.toString('latin1', 0, readSync(file, line, 0, line.length, 0));
  } catch {
    return undefined;
  }
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(`/proc/${path}`, 'r');
  } catch {
    return undefined;
  }
}
