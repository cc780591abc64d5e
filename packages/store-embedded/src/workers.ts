import type { RunId, WorkerId } from '@kb-labs/contracts';
import type { WorkerInfo } from '@kb-labs/ports';

import type { Connection } from './connection.js';
import { existenceOf, ownIdentity } from './process-identity.js';

/** A worker whose process cannot be probed from here counts as alive this long after it was last seen, in milliseconds. */
const UNSEEN_LIMIT_MS = 300_000;
/** How often a busy or asking worker is noted as seen at most, in milliseconds. */
const SEEN_EVERY_MS = 60_000;

export interface WorkerRow {
  readonly id: WorkerId;
  /** JSON list of run ids; `null` serves all. */
  readonly scope: string | null;
  readonly host: string;
  readonly boot: string;
  readonly space: string;
  readonly pid: number;
  readonly started: string;
  readonly seen: number;
}

export function addWorker(connection: Connection, worker: WorkerInfo, now: number): void {
  const self = ownIdentity();
  connection.run(
    'INSERT OR REPLACE INTO worker (id, scope, host, boot, space, pid, started, seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    worker.id,
    worker.scope === undefined ? null : JSON.stringify(worker.scope),
    self.host,
    self.boot,
    self.space,
    self.pid,
    self.started,
    now,
  );
}

export function removeWorker(connection: Connection, id: WorkerId): void {
  connection.run('DELETE FROM worker WHERE id = ?', id);
}

export function findWorker(connection: Connection, id: WorkerId): WorkerRow | undefined {
  return connection.get<WorkerRow>('SELECT * FROM worker WHERE id = ?', id);
}

export function liveWorkers(connection: Connection, now: number): WorkerRow[] {
  return allWorkers(connection).filter((row) => isAlive(row, now));
}

/** Removes the rows of workers that are gone and answers the others. Tickets need no care: a holder without a row is not alive. */
export function sweepWorkers(connection: Connection, now: number): WorkerRow[] {
  return allWorkers(connection).filter((row) => {
    const alive = isAlive(row, now);
    if (!alive) removeWorker(connection, row.id);
    return alive;
  });
}

export function isSeenLately(row: WorkerRow, now: number): boolean {
  return Math.abs(now - row.seen) < SEEN_EVERY_MS;
}

export function noteSeen(connection: Connection, row: WorkerRow, now: number): void {
  if (!isSeenLately(row, now)) connection.run('UPDATE worker SET seen = ? WHERE id = ?', now, row.id);
}

export function scopeOf(row: WorkerRow): ReadonlySet<RunId> | undefined {
  return row.scope === null ? undefined : new Set(JSON.parse(row.scope) as RunId[]);
}

/** Answers whether a worker that was not known to be dead has died, since the last call. */
export function deathWatch(connection: Connection, now: () => number): () => boolean {
  let dead = new Set<WorkerId>();
  return () => {
    const before = dead;
    const instant = now();
    dead = new Set(allWorkers(connection).flatMap((row) => (isAlive(row, instant) ? [] : [row.id])));
    return [...dead].some((id) => !before.has(id));
  };
}

function allWorkers(connection: Connection): WorkerRow[] {
  return connection.all<WorkerRow>('SELECT * FROM worker');
}

function isAlive(row: WorkerRow, now: number): boolean {
  const existence = existenceOf(row);
  return existence === 'unknown' ? now - row.seen < UNSEEN_LIMIT_MS : existence === 'alive';
}
