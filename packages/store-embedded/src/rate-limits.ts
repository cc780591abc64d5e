import { join } from 'node:path';

import { hasEnough, problemOfBuckets, refill, refillMs, wholeTokens } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Bucket, Clock, RateAnswer, RateLimits } from '@kb-labs/ports';

import { whenNotBusy } from './busy-wait.js';
import { Connection } from './connection.js';
import { toStateError } from './state-errors.js';
import { discardFile, makeOwnersFile } from './state-file.js';

/** After so many calls, buckets that are full again are removed: they are as good as not there. */
const CALLS_PER_SWEEP = 256;

/**
 * Buckets in a file of their own, for all processes on this machine. It is not synced and may be lost: then all buckets are
 * full. In the file of the state each call would cost a sync, and wake everybody who watches the runs.
 */
export class EmbeddedRateLimits implements RateLimits {
  readonly #file: string;
  readonly #clock: Clock;
  #opened: Connection | undefined;
  #calls = 0;
  #closed = false;

  constructor(dir: string, clock: Clock) {
    this.#file = join(dir, 'rates.db');
    this.#clock = clock;
  }

  async take(cost: number, buckets: readonly Bucket[]): Promise<RateAnswer> {
    const problem = problemOfBuckets(cost, buckets);
    if (problem !== undefined) throw new AppError('INTERNAL', { problem });
    return await whenNotBusy(this.#clock, () => {
      if (this.#closed) throw new AppError('STATE_UNAVAILABLE', { problem: 'the store is closed' });
      return this.#take(cost, buckets);
    });
  }

  close(): void {
    this.#closed = true;
    this.#opened?.close();
    this.#opened = undefined;
  }

  #take(cost: number, buckets: readonly Bucket[]): RateAnswer {
    const connection = (this.#opened ??= openRates(this.#file));
    try {
      connection.run('BEGIN IMMEDIATE');
      const answer = takeFrom(connection, { cost, buckets, now: this.#clock.now() });
      this.#calls += 1;
      if (this.#calls % CALLS_PER_SWEEP === 0) connection.run('DELETE FROM bucket WHERE full_at <= ?', this.#clock.now());
      connection.run('COMMIT');
      return answer;
    } catch (thrown) {
      if (connection.inTransaction) connection.run('ROLLBACK');
      if (isDamaged(thrown)) this.#startOver();
      throw thrown;
    }
  }

  /** The call fails; the next one finds full buckets. */
  #startOver(): void {
    this.#opened?.close();
    this.#opened = undefined;
    discardFile(this.#file);
  }
}

function openRates(file: string): Connection {
  try {
    return tryToOpen(file);
  } catch (thrown) {
    if (!isDamaged(thrown)) throw thrown;
    // A power cut can leave anything: nothing in it is worth keeping.
    discardFile(file);
    return tryToOpen(file);
  }
}

function tryToOpen(file: string): Connection {
  makeOwnersFile(file);
  const connection = new Connection(file);
  try {
    connection.get('PRAGMA journal_mode = WAL');
    connection.exec(`PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS bucket (key TEXT PRIMARY KEY, tokens REAL NOT NULL, at REAL NOT NULL, full_at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bucket_full ON bucket (full_at)`);
    return connection;
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

function takeFrom(connection: Connection, asked: { cost: number; buckets: readonly Bucket[]; now: number }): RateAnswer {
  const { cost, buckets, now } = asked;
  const levels = buckets.map((bucket) => refill(connection.get('SELECT tokens, at FROM bucket WHERE key = ?', bucket.key), bucket, now));
  const waits = buckets.map(({ perSecond }, index) => {
    const tokens = levels[index] ?? 0;
    return hasEnough(tokens, cost) ? 0 : Math.max(1, refillMs(tokens, cost, perSecond));
  });
  const retryAfterMs = Math.max(0, ...waits);
  if (retryAfterMs > 0) return { ok: false, bucket: waits.indexOf(retryAfterMs), retryAfterMs };
  for (const [index, { key, capacity, perSecond }] of buckets.entries()) {
    const tokens = Math.max(0, (levels[index] ?? 0) - cost);
    connection.run('INSERT OR REPLACE INTO bucket (key, tokens, at, full_at) VALUES (?, ?, ?, ?)', key, tokens, now, now + refillMs(tokens, capacity, perSecond));
  }
  return { ok: true, remaining: wholeTokens(Math.min(Number.POSITIVE_INFINITY, ...levels.map((tokens) => Math.max(0, tokens - cost)))) };
}

function isDamaged(thrown: unknown): boolean {
  return toStateError(thrown).code === 'STATE_CORRUPT';
}
