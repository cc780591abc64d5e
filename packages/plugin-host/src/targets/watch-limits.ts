import { readFileSync } from 'node:fs';

import type { PlannedTarget } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { monotonicMs } from '../process-tree/monotonic-ms.js';
import type { ProcessRow } from '../process-tree/process-list.js';
import type { RunningProcess } from '../process-tree/start-process.js';

export type TreeLimits = Pick<PlannedTarget, 'memoryBytes' | 'cpus' | 'pids'>;

/** How often a tree is looked at. */
const LOOK_MS = 50;
/** Of one tick: hundredths of a second. */
const TICK_MS = 10;

export function hasLimits({ memoryBytes, cpus, pids }: TreeLimits): boolean {
  return memoryBytes !== undefined || cpus !== undefined || pids !== undefined;
}

/**
 * Keeps a tree of plain processes within limits, by looking at it: one that takes too much memory or has too many processes is
 * reported once by `onExceeded`; one that uses more of the processors than it may is stopped until its share is right again.
 * Returns how to end it; what is stopped then goes on. Linux only.
 */
export function watchLimits(running: RunningProcess, limits: TreeLimits, onExceeded: (failure: Error) => void): () => void {
  const share = limits.cpus === undefined ? undefined : new ProcessorShare(limits.cpus);
  const timer = setInterval(() => {
    const rows = running.members();
    share?.look(rows);
    const failure = findExceeded(rows, limits);
    if (failure === undefined) return;
    end();
    onExceeded(failure);
  }, LOOK_MS);
  timer.unref();
  const end = (): void => {
    clearInterval(timer);
    share?.release(running.members());
  };
  return end;
}

function findExceeded(rows: readonly ProcessRow[], { memoryBytes, pids }: TreeLimits): Error | undefined {
  if (pids !== undefined && rows.length > pids) return new AppError('TOO_MANY_PROCESSES', { count: rows.length, limit: pids });
  if (memoryBytes === undefined) return undefined;
  const resident = rows.reduce((sum, { pid }) => sum + residentBytes(pid), 0);
  return resident > memoryBytes ? new AppError('MEMORY_EXCEEDED', { limit: `${String(Math.floor(memoryBytes / (1024 * 1024)))} MiB` }) : undefined;
}

/** Of a process, the memory it really has (proc_pid_status(5), VmRSS). */
export function residentBytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** A share of the processors, kept by stopping what has used more of them than its time so far allows. */
class ProcessorShare {
  readonly #cpus: number;
  readonly #used = new Map<number, number>();
  #lookedAt = monotonicMs();
  #debtMs = 0;
  #isStopped = false;

  constructor(cpus: number) {
    this.#cpus = cpus;
  }

  look(rows: readonly ProcessRow[]): void {
    const now = monotonicMs();
    // What was not used is not saved up for later.
    this.#debtMs = Math.max(0, this.#debtMs + this.#usedSince(rows) - this.#cpus * (now - this.#lookedAt));
    this.#lookedAt = now;
    if (this.#debtMs > this.#cpus * LOOK_MS) this.#tell(rows, 'SIGSTOP');
    else if (this.#isStopped && this.#debtMs === 0) this.#tell(rows, 'SIGCONT');
  }

  release(rows: readonly ProcessRow[]): void {
    if (this.#isStopped) this.#tell(rows, 'SIGCONT');
  }

  #usedSince(rows: readonly ProcessRow[]): number {
    let used = 0;
    for (const { pid, usedTicks } of rows) {
      used += (usedTicks - (this.#used.get(pid) ?? 0)) * TICK_MS;
      this.#used.set(pid, usedTicks);
    }
    return Math.max(0, used);
  }

  #tell(rows: readonly ProcessRow[], signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#isStopped = signal === 'SIGSTOP';
    for (const { pid } of rows) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended in between.
      }
    }
  }
}
