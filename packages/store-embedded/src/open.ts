import { watch as watchFile } from 'node:fs';
import { join } from 'node:path';

import { AppError } from '@kb-labs/errors';
import type { Catalog, Claims, Clock, EventLog, JobQueue, Logger, RateLimits, Records, Retention, StepLogs } from '@kb-labs/ports';

import { whenNotBusy } from './busy-wait.js';
import { EmbeddedCatalog } from './catalog.js';
import { ChangeWatch } from './change-watch.js';
import { listClaims } from './claims.js';
import { CommitGroup } from './commit-group.js';
import { Connection } from './connection.js';
import { EmbeddedEventLog } from './event-log.js';
import { EmbeddedJobQueue } from './job-queue.js';
import { migrate } from './migrate.js';
import { EmbeddedRateLimits } from './rate-limits.js';
import { EmbeddedRecords } from './records.js';
import { EmbeddedRetention } from './retention.js';
import { StandingBy } from './standing-by.js';
import { prepareStateFile } from './state-file.js';
import { EmbeddedStepLogs } from './step-logs.js';
import { deathWatch } from './workers.js';

export interface EmbeddedStoreOptions {
  /** The folder of the state; made when missing, for its owner only. */
  readonly dir: string;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** How often to look for writes of other processes while somebody watches, in milliseconds. Default 25; at least every 10 while somebody follows a log. */
  readonly checkMs?: number;
}

export interface EmbeddedStore {
  readonly log: EventLog;
  readonly catalog: Catalog;
  readonly queue: JobQueue;
  readonly claims: Claims;
  readonly logs: StepLogs;
  readonly records: Records;
  readonly rateLimits: RateLimits;
  readonly retention: Retention;
  /** Finishes the writes that were asked for and lets go of the file. Watchers are forgotten; later calls fail with `STATE_UNAVAILABLE`. */
  close(): Promise<void>;
}

const CHECK_MS = 25;

/**
 * Opens `<dir>/state.db`, made and brought up to date when needed. Fails with `STATE_SCHEMA`, `STATE_CORRUPT`,
 * `STATE_FULL`, `STATE_UNAVAILABLE`, or `STATE_BUSY` when other processes were in the way for ten seconds.
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const { clock, logger } = options;
  const connection = await openConnection(options.dir, clock);
  const watch = new ChangeWatch({
    clock,
    logger,
    checkMs: options.checkMs ?? CHECK_MS,
    foreignVersion: () => connection.get<{ data_version: number }>('PRAGMA data_version')?.data_version ?? 0,
    listen: (onWrite) => listenTo(join(options.dir, 'state.db-wal'), onWrite),
    workerDied: deathWatch(connection, () => clock.now()),
  });
  const standingBy = new StandingBy(connection, clock);
  const group = new CommitGroup(connection, clock, (changes) => watch.announce(changes), standingBy);
  const rateLimits = new EmbeddedRateLimits(options.dir, clock);
  let closing: Promise<void> | undefined;
  return {
    log: new EmbeddedEventLog(connection, group, watch, standingBy),
    catalog: new EmbeddedCatalog(connection, group),
    queue: new EmbeddedJobQueue(connection, group, watch, { clock, standingBy }),
    claims: { of: (runId) => group.read(() => listClaims(connection, runId)) },
    logs: new EmbeddedStepLogs(connection, group, watch),
    records: new EmbeddedRecords(connection, group, clock),
    rateLimits,
    retention: new EmbeddedRetention(connection, group, clock),
    close() {
      rateLimits.close();
      return (closing ??= closeStore(group, watch, connection));
    },
  };
}

/** The write-ahead log stays the same file as long as the database is open. What keeps the process alive is the watching, not this. */
function listenTo(file: string, onWrite: () => void): () => void {
  const watcher = watchFile(file, { persistent: false }, onWrite);
  watcher.on('error', onWrite);
  return () => watcher.close();
}

async function openConnection(dir: string, clock: Clock): Promise<Connection> {
  return await whenNotBusy(clock, () => {
    const connection = new Connection(prepareStateFile(dir));
    try {
      configure(connection);
      migrate(connection);
      return connection;
    } catch (thrown) {
      connection.close();
      throw thrown;
    }
  });
}

/** After so many pages the log is written back into the file. Seldom, because most of what one run changes is changed again by the next, and is written back once. */
const LOG_PAGES = 4_000;
/** Room for as many, with their headers. */
const LOG_BYTES = 16_777_216;

/** Room for the inner pages of a history of a million runs, so that one of them is found with a few reads. Taken as it is needed. */
const CACHE_KIB = 16_384;

/** FULL: a commit is on the disk before it is answered. The bound returns the space of a log that once had to grow. */
function configure(connection: Connection): void {
  const mode = connection.get<{ journal_mode: string }>('PRAGMA journal_mode = WAL')?.journal_mode;
  if (mode !== 'wal') throw new AppError('STATE_UNAVAILABLE', { problem: 'its file system cannot share a write-ahead log between processes' });
  connection.exec(`PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = ${String(-CACHE_KIB)}; PRAGMA wal_autocheckpoint = ${String(LOG_PAGES)}; PRAGMA journal_size_limit = ${String(LOG_BYTES)}`);
}

async function closeStore(group: CommitGroup, watch: ChangeWatch, connection: Connection): Promise<void> {
  watch.close();
  await group.close();
  // The last connection to close writes the log back into the file and removes it.
  connection.close();
}
