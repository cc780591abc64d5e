import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * One process, named so that another can tell whether it still exists. `boot` and `space` (the process id namespace)
 * say whether a `pid` means the same process to both; `started` tells it from a later one with the same number.
 * Where the system does not say, the text is empty.
 */
export interface ProcessIdentity {
  readonly host: string;
  readonly boot: string;
  readonly space: string;
  readonly pid: number;
  readonly started: string;
}

export type Existence = 'alive' | 'dead' | 'unknown';

let own: ProcessIdentity | undefined;

export function ownIdentity(): ProcessIdentity {
  own ??= {
    host: hostname(),
    boot: textOr('', () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    space: textOr('', () => readlinkSync('/proc/self/ns/pid')),
    pid: process.pid,
    started: readProcess(process.pid)?.started ?? '',
  };
  return own;
}

/** Whether `other` exists, seen from `self`. `unknown` where a process id cannot be compared. */
export function existenceOf(other: ProcessIdentity, self: ProcessIdentity = ownIdentity()): Existence {
  if (other.boot !== self.boot) return other.host === self.host && other.boot !== '' && self.boot !== '' ? 'dead' : 'unknown';
  if (other.space !== self.space || (self.boot === '' && other.host !== self.host)) return 'unknown';
  if (other.pid === self.pid) return other.started === self.started ? 'alive' : 'dead';
  if (!isPidInUse(other.pid)) return 'dead';
  const found = readProcess(other.pid);
  if (found === undefined || other.started === '') return 'alive';
  return found.ended || found.started !== other.started ? 'dead' : 'alive';
}

function isPidInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
}

/** State and start time of a process: fields 3 and 22 of /proc/<pid>/stat (proc_pid_stat(5)), counted after the name in brackets. */
function readProcess(pid: number): { started: string; ended: boolean } | undefined {
  const stat = textOr('', () => readFileSync(`/proc/${String(pid)}/stat`, 'latin1'));
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const started = fields[19];
  if (state === undefined || started === undefined) return undefined;
  // A zombie has ended; only its parent has not looked yet.
  return { started, ended: state === 'Z' || state === 'X' };
}

function textOr(fallback: string, read: () => string): string {
  try {
    return read();
  } catch {
    return fallback;
  }
}
