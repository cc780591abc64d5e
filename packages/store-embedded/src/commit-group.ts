import { AppError } from '@kb-labs/errors';
import type { TicketId, WorkerId } from '@kb-labs/contracts';
import type { Begin, Clock, RunChange } from '@kb-labs/ports';

import { BUSY_LIMIT_MS, busyDelayMs, whenNotBusy } from './busy-wait.js';
import type { Connection } from './connection.js';
import { Counters } from './counters.js';
import { isBusy, toStateError } from './state-errors.js';

/** What a commit may have changed, for those who watch. */
export interface Changes {
  /** With how their journals stand now; `undefined`, when that has to be read. */
  readonly runs: Map<string, RunChange | undefined>;
  readonly logs: Set<string>;
  /** Tickets that were queued, and not handed out yet. */
  readonly queued: Set<TicketId>;
  /** Others may be takeable. */
  ready: boolean;
  /** Fewer are held. */
  room: boolean;
  /** What is to be done with tickets that were queued, should they be handed out in the same transaction. */
  readonly begins: Map<TicketId, Begin>;
  /** How many tickets workers were handed by writes themselves. */
  readonly handed: Map<WorkerId, number>;
  /** Tells who was handed tickets. */
  readonly handedOut: (() => void)[];
  /** Of the transaction: stored at its end. */
  readonly counters: Counters;
}

export function noChanges(connection: Connection): Changes {
  return { runs: new Map(), logs: new Set(), queued: new Set(), begins: new Map(), handed: new Map(), ready: false, room: false, handedOut: [], counters: new Counters(connection) };
}

/**
 * Where somebody took a place in a group, others may have to make way before anything is begun: whoever wrote sees to that first, and workers take what was
 * queued.
 */
export function noteQueued(changes: Changes, tickets: readonly TicketId[], { claims = [] }: { claims?: readonly unknown[] } = {}): void {
  if (claims.length > 0) changes.ready ||= tickets.length > 0;
  else for (const ticket of tickets) changes.queued.add(ticket);
}

/** A bound on how long one commit keeps the file locked and the event loop busy. */
const WRITES_PER_COMMIT = 512;

interface Pending {
  readonly apply: (changes: Changes) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly since: number;
  readonly waitsForDisk: boolean;
}

export interface WriteOptions {
  /**
   * Whether it is answered once it is on the disk, as it is when left out. Without, a power cut may undo it, together with all that came after it and
   * before the next write that waits. The end of a process undoes nothing.
   */
  readonly waitsForDisk?: boolean;
}

/** Hands out tickets as part of a transaction. */
export interface HandsOut {
  /** Whether it would hand out tickets that were left before. */
  wantMore(): boolean;
  /** Answers which it has handed out. */
  handOut(changes: Changes): readonly TicketId[];
}

/**
 * The only way to the file. Writes asked for in one turn of the event loop share one transaction and one sync to
 * disk. One that fails takes nothing along: those before it and those after it are done anew without it. A write is answered after the commit and
 * never before. `apply` may be called again when the transaction could not be finished, so it reads what it decides on.
 */
export class CommitGroup {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #onCommit: (changes: Changes) => void;
  readonly #handsOut: HandsOut | undefined;
  #pending: Pending[] = [];
  #scheduled = false;
  #busyTries = 0;
  #closed = false;
  /** As the connection was opened. */
  #synchronous: 'FULL' | 'NORMAL' = 'FULL';
  #drained: (() => void)[] = [];

  constructor(connection: Connection, clock: Clock, onCommit: (changes: Changes) => void, handsOut?: HandsOut) {
    this.#connection = connection;
    this.#clock = clock;
    this.#onCommit = onCommit;
    this.#handsOut = handsOut;
  }

  write<T>(apply: (changes: Changes) => T, { waitsForDisk = true }: WriteOptions = {}): Promise<T> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise<T>((resolve, reject) => {
      this.#pending.push({ apply, resolve: resolve as (value: unknown) => void, reject, since: this.#clock.now(), waitsForDisk });
      this.#schedule();
    });
  }

  read<T>(query: () => T): Promise<T> {
    return whenNotBusy(this.#clock, () => {
      if (this.#closed) throw closedError();
      return query();
    });
  }

  /** Refuses further calls and waits for the writes that were asked for. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#pending.length > 0) await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    const done = this.#commit(this.#pending.slice(0, WRITES_PER_COMMIT));
    this.#pending.splice(0, done);
    if (done > 0) this.#busyTries = 0;
    else this.#giveUpOnOld();
    this.#scheduled = false;
    if (this.#pending.length === 0) {
      for (const resolve of this.#drained.splice(0)) resolve();
    } else if (done > 0) {
      this.#schedule();
    } else {
      this.#scheduled = true;
      this.#busyTries += 1;
      this.#clock.after(busyDelayMs(this.#busyTries), () => this.#flush());
    }
  }

  /** How many writes were answered, from the front; 0 when another process is in the way. */
  #commit(batch: readonly Pending[]): number {
    const changes = noChanges(this.#connection);
    const values: unknown[] = [];
    try {
      this.#setSynchronous(batch.some((write) => write.waitsForDisk) ? 'FULL' : 'NORMAL');
      this.#connection.run('BEGIN IMMEDIATE');
      for (const write of batch) values.push(write.apply(changes));
      if (this.#handsOut !== undefined) this.#handOut(changes, this.#handsOut);
      changes.counters.store();
      this.#connection.run('COMMIT');
    } catch (thrown) {
      // Some failures, a full disk among them, are those of the transaction and do not say which write was too much: on their own, the others may pass.
      const isOfOne = this.#connection.inTransaction && values.length < batch.length;
      this.#rollBack();
      if (isBusy(thrown)) return 0;
      if (batch.length > 1) return this.#commitParts(isOfOne ? around(batch, values.length) : batch.map((write) => [write]));
      const error = toStateError(thrown);
      for (const write of batch) write.reject(error);
      return batch.length;
    }
    for (const tell of changes.handedOut) tell();
    for (const [index, write] of batch.entries()) write.resolve(values[index]);
    this.#onCommit(changes);
    return batch.length;
  }

  #commitParts(parts: readonly (readonly Pending[])[]): number {
    let done = 0;
    for (const part of parts) {
      const answered = this.#commit(part);
      done += answered;
      if (answered < part.length) break;
    }
    return done;
  }

  /** In a write-ahead log a commit under NORMAL is not synced; the next one under FULL syncs it too. Each transaction says what it needs, so that none is left with what another one wanted. */
  #setSynchronous(wanted: 'FULL' | 'NORMAL'): void {
    if (this.#synchronous === wanted) return;
    this.#connection.exec(`PRAGMA synchronous = ${wanted}`);
    this.#synchronous = wanted;
  }

  /** What was queued, and what was left before where held tickets were given up. It has a savepoint: if it fails nobody is harmed, for workers take what is there. */
  #handOut(changes: Changes, by: HandsOut): void {
    if (changes.queued.size === 0 && !(changes.room && by.wantMore())) return;
    const own: Changes = { ...noChanges(this.#connection), begins: changes.begins, handed: changes.handed, counters: changes.counters };
    const takeBack = changes.counters.mark();
    this.#connection.run('SAVEPOINT hand_out');
    try {
      const handedOut = by.handOut(own);
      this.#connection.run('RELEASE hand_out');
      for (const ticket of handedOut) changes.queued.delete(ticket);
      for (const ticket of own.queued) changes.queued.add(ticket);
      for (const [runId, change] of own.runs) changes.runs.set(runId, change);
      changes.handedOut.push(...own.handedOut);
    } catch (thrown) {
      if (!this.#connection.inTransaction || isBusy(thrown)) throw thrown;
      this.#connection.run('ROLLBACK TO hand_out');
      this.#connection.run('RELEASE hand_out');
      takeBack();
    }
  }

  #rollBack(): void {
    try {
      if (this.#connection.inTransaction) this.#connection.run('ROLLBACK');
    } catch {
      // What made the commit fail can make this fail too; SQLite then rolls back by itself before the next transaction.
    }
  }

  #giveUpOnOld(): void {
    const now = this.#clock.now();
    const old = this.#pending.filter((write) => now - write.since >= BUSY_LIMIT_MS);
    if (old.length === 0) return;
    this.#pending = this.#pending.filter((write) => now - write.since < BUSY_LIMIT_MS);
    for (const write of old) write.reject(new AppError('STATE_BUSY'));
  }
}

/** The writes before the one that failed, that one, and those after it. */
function around(batch: readonly Pending[], failed: number): (readonly Pending[])[] {
  return [batch.slice(0, failed), batch.slice(failed, failed + 1), batch.slice(failed + 1)].filter((part) => part.length > 0);
}

function closedError(): AppError {
  return new AppError('STATE_UNAVAILABLE', { problem: 'the store is closed' });
}
