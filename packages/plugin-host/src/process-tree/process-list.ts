import { PROC_FILES, type ProcFiles } from './proc-files.js';

/** A process as `/proc/<pid>/stat` shows it (proc_pid_stat(5)). `startedAt` is in clock ticks since boot. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly startedAt: string;
  /** Time it has used of processors, in clock ticks: hundredths of a second (sysconf(3), _SC_CLK_TCK). */
  readonly usedTicks: number;
  /** It is about to be gone, and runs nothing any more. */
  readonly isEnding: boolean;
}

/** `PF_EXITING` of the kernel, among the flags of a process. */
const EXITING = 4;

/** Only Linux lets a process look at others by plain files. Elsewhere a tree is its process group. */
export const HAS_PROCESS_LIST = process.platform === 'linux';

/** A machine would have to start this many processes a second to go once around its smallest range of process ids in that time. */
const FRESH_MS = 5_000;

/** So few ids are tried one by one: a list of all processes takes longer. */
const FEW_IDS = 32;

/** Up to where processes are known, by the id that had been given out last, and how long ago all of them were looked at. */
interface Known {
  readonly newest: number;
  readonly ageMs: number;
}

export interface Look {
  /** Without those that have ended and wait to be collected. */
  readonly rows: readonly ProcessRow[];
  /** The id that had been given out last before it, where that is told. */
  readonly newest?: number;
  /** Whether nobody was left out. */
  readonly isWhole: boolean;
}

/**
 * The processes that were `seen` and all that were started since. Process ids are given out in order: with nothing started since, this
 * costs a small read beside those that were seen, and else only the ids given out since come into question. After a while, and where the
 * newest id is not told, nobody is left out.
 */
export function lookSince(known: Known, seen: ReadonlyMap<number, unknown>, proc: ProcFiles = PROC_FILES): Look {
  const newest = newestId(proc);
  if (newest === undefined) return { rows: rowsOf(allProcessIds(proc), proc), isWhole: true };
  if (known.ageMs >= FRESH_MS) return { rows: rowsOf(allProcessIds(proc), proc), newest, isWhole: true };
  return { rows: rowsOf(idsSince(known.newest, newest, { seen, proc }), proc), newest, isWhole: false };
}

/** Whether there may be a process that was not known. */
export function mayHaveStarted({ newest, ageMs }: Known, proc: ProcFiles = PROC_FILES): boolean {
  return ageMs >= FRESH_MS || newestId(proc) !== newest;
}

function idsSince(known: number, newest: number, { seen, proc }: { readonly seen: ReadonlyMap<number, unknown>; readonly proc: ProcFiles }): Iterable<number> {
  const count = newest - known;
  if (count < 0 || count > FEW_IDS) return allProcessIds(proc).filter((id) => seen.has(id) || isGivenSince(id, known, newest));
  return new Set([...seen.keys(), ...Array.from({ length: count }, (_, index) => known + 1 + index)]);
}

/** What the process was started with, as `NAME=value` texts ended by NUL. Absent for those of other users, and those that have ended. */
export function environmentOf(pid: number, proc: ProcFiles = PROC_FILES): string | undefined {
  return proc.read(`${String(pid)}/environ`);
}

/** Whether `id` was given out from `first` on, up to `newest`. After the largest one they begin again. */
export function isGivenSince(id: number, first: number, newest: number): boolean {
  return newest >= first ? id >= first && id <= newest : id >= first || id <= newest;
}

/** Every process of this machine, or of this container. */
export function allProcessIds(proc: ProcFiles = PROC_FILES): number[] {
  const ids: number[] = [];
  for (const name of proc.names()) {
    const id = Number(name);
    if (Number.isInteger(id)) ids.push(id);
  }
  return ids;
}

/**
 * The id given out last, to a process or a thread. Not every kernel has the first file (pid_namespaces(7)); the fifth field of the second
 * one (proc_loadavg(5)) is made up in some containers, where it may stand still.
 */
function newestId({ read }: ProcFiles): number | undefined {
  const id = Number(read('sys/kernel/ns_last_pid') ?? read('loadavg')?.trim().split(' ')[4]);
  return Number.isInteger(id) && id > 0 ? id : undefined;
}

function rowsOf(ids: Iterable<number>, proc: ProcFiles): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const id of ids) {
    const row = readRow(id, proc);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

/** By `/proc/<pid>/stat` (proc_pid_stat(5)). */
function readRow(pid: number, { read }: ProcFiles): ProcessRow | undefined {
  const stat = read(`${String(pid)}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the name in parentheses, which may hold anything.
  const [state, parent, group, session, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Asked for by its id, a thread that is no process answers, too: nobody is told of its end.
  if (state === 'Z' || state === 'X' || rest[31] === '-1') return undefined;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startedAt: rest[15] ?? '',
    usedTicks: Number(rest[7]) + Number(rest[8]),
    isEnding: (Number(rest[2]) & EXITING) !== 0,
  };
}
