import { readdirSync, readFileSync } from 'node:fs';

/** A process as `/proc/<pid>/stat` shows it (proc_pid_stat(5)). `startedAt` is in clock ticks since boot. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly startedAt: string;
  /** Time it has used of processors, in clock ticks: hundredths of a second (sysconf(3), _SC_CLK_TCK). */
  readonly usedTicks: number;
}

/** Only Linux lets a process look at others by plain files. Elsewhere a tree is its process group. */
export const HAS_PROCESS_LIST = process.platform === 'linux';

/** A machine would have to start this many processes a second to go once around its smallest range of process ids in that time. */
const FRESH_MS = 5_000;

/**
 * The processes that can descend from `leader`, itself included, without those that have ended and wait to be collected.
 * Process ids are given out in order. So for a leader that was started a moment ago only the ids given out since come
 * into question: with nothing started since, this costs a single small read.
 */
export function listSince(leader: number, ageMs: number): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const pid of idsSince(leader, ageMs)) {
    const row = readRow(pid);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

/** What the process was started with, as `NAME=value` texts ended by NUL. Empty for those of other users. */
export function environmentOf(pid: number): string {
  return readProc(`${String(pid)}/environ`) ?? '';
}

function idsSince(leader: number, ageMs: number): number[] {
  const newest = ageMs < FRESH_MS ? newestId() : undefined;
  if (newest === leader) return [leader];
  const ids = allProcessIds();
  if (newest === undefined) return ids;
  return ids.filter((id) => isGivenSince(id, leader, newest));
}

/** Whether `id` was given out from `leader` on, up to `newest`. After the largest one they begin again. */
export function isGivenSince(id: number, leader: number, newest: number): boolean {
  return newest >= leader ? id >= leader && id <= newest : id >= leader || id <= newest;
}

/** Every process of this machine, or of this container. */
export function allProcessIds(): number[] {
  const ids: number[] = [];
  for (const name of readdirSync('/proc')) {
    const id = Number(name);
    if (Number.isInteger(id)) ids.push(id);
  }
  return ids;
}

/** The id given out last: the fifth field of `/proc/loadavg` (proc_loadavg(5)). */
function newestId(): number | undefined {
  const id = Number(readProc('loadavg')?.trim().split(' ')[4]);
  return Number.isInteger(id) && id > 0 ? id : undefined;
}

function readRow(pid: number): ProcessRow | undefined {
  const stat = readProc(`${String(pid)}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the name in parentheses, which may hold anything.
  const [state, parent, group, session, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return undefined;
  return { pid, parent: Number(parent), group: Number(group), session: Number(session), startedAt: rest[15] ?? '', usedTicks: Number(rest[7]) + Number(rest[8]) };
}

/** `undefined` for a process that has ended, or whose files are not for us. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'latin1');
  } catch {
    return undefined;
  }
}
