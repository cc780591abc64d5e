import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * One process of one machine. A number alone is given to another process sooner or later; the instant it was started and the
 * boot of the machine tell them apart. Where the system does not say, a text is empty.
 */
export interface ProcessIdentity {
  readonly host: string;
  readonly boot: string;
  /** Which numbering of processes `pid` belongs to: containers have their own. */
  readonly space: string;
  readonly pid: number;
  readonly started: string;
}

let own: ProcessIdentity | undefined;

export function ownProcess(): ProcessIdentity {
  own ??= {
    host: hostname(),
    boot: readOr('', () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    space: readOr('', () => readlinkSync('/proc/self/ns/pid')),
    pid: process.pid,
    started: startOf(process.pid) ?? '',
  };
  return own;
}

/** Whether a process runs, as seen from here. `elsewhere`: on another machine or in another container, where nobody can tell. */
export function lifeOf(other: ProcessIdentity): 'running' | 'gone' | 'elsewhere' {
  const self = ownProcess();
  if (other.host !== self.host && other.boot !== self.boot) return 'elsewhere';
  if (other.boot !== self.boot) return 'gone';
  if (other.space !== self.space) return 'elsewhere';
  if (!isPidInUse(other.pid)) return 'gone';
  const started = startOf(other.pid);
  if (other.started === '') return 'running';
  return started === undefined || started === other.started ? 'running' : 'gone';
}

function isPidInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** When a process was started, in a text that only has to be the same every time. */
function startOf(pid: number): string | undefined {
  return existsSync('/proc/self/stat') ? startInProc(pid) : startByPs(pid);
}

/** Field 22 of /proc/<pid>/stat (proc_pid_stat(5)), counted after the name in brackets. One that has ended and waits to be noticed has none. */
function startInProc(pid: number): string | undefined {
  const stat = readOr('', () => readFileSync(`/proc/${String(pid)}/stat`, 'latin1'));
  if (stat === '') return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : fields[19];
}

/** To the second: enough, for numbers are not given again that soon. */
export function startByPs(pid: number): string | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' } });
  const text = String(stdout ?? '').trim();
  return text === '' ? undefined : text;
}

function readOr(fallback: string, read: () => string): string {
  try {
    return read();
  } catch {
    return fallback;
  }
}
