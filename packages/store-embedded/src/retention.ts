import type { RunId } from '@kb-labs/contracts';
import type { Clock, EndedRunQuery, KeptBytes, KeptRun, RemovedParts, Retention } from '@kb-labs/ports';

import { forgetBlobs, releaseBlobs, unusedBlobs } from './blobs-of-runs.js';
import type { Changes, CommitGroup } from './commit-group.js';
import type { Connection } from './connection.js';
import { dropLeftovers } from './drop-leftovers.js';
import { dropEvents } from './journal.js';
import { endedRuns, findEnded, tenantsWithRuns, usageOf } from './kept-runs.js';

export class EmbeddedRetention implements Retention {
  readonly #connection: Connection;
  readonly #group: CommitGroup;
  readonly #clock: Clock;

  constructor(connection: Connection, group: CommitGroup, clock: Clock) {
    this.#connection = connection;
    this.#group = group;
    this.#clock = clock;
  }

  endedRuns(query: EndedRunQuery): Promise<KeptRun[]> {
    return this.#group.read(() => endedRuns(this.#connection, query));
  }

  tenants(): Promise<string[]> {
    return this.#group.read(() => tenantsWithRuns(this.#connection));
  }

  usage(tenant: string): Promise<KeptBytes> {
    return this.#group.read(() => usageOf(this.#connection, tenant));
  }

  remove(runId: RunId, parts: RemovedParts): Promise<boolean> {
    return this.#group.write((changes) => removeParts(this.#connection, { runId, parts, now: this.#clock.now() }, changes));
  }

  unusedBlobs(query: { before: number; limit: number }): Promise<string[]> {
    return this.#group.read(() => unusedBlobs(this.#connection, query));
  }

  forgetBlobs(digests: readonly string[]): Promise<string[]> {
    return this.#group.write(() => forgetBlobs(this.#connection, digests));
  }
}

interface Removal {
  readonly runId: RunId;
  readonly parts: RemovedParts;
  readonly now: number;
}

function removeParts(connection: Connection, { runId, parts, now }: Removal, changes: Changes): boolean {
  const run = findEnded(connection, runId);
  if (run === undefined) return false;
  changes.runs.set(runId, undefined);
  if (parts !== 'artifacts') {
    discount(connection, run, 'log');
    connection.run('DELETE FROM log_line WHERE run = ?', run);
    connection.run('DELETE FROM log_step WHERE run = ?', run);
    connection.run('UPDATE run SET log_bytes = 0, log_removed_at = ? WHERE key = ?', now, run);
    changes.logs.add(runId);
  }
  if (parts !== 'log') {
    discount(connection, run, 'artifacts');
    releaseBlobs(connection, run, now);
    connection.run('UPDATE run SET artifact_bytes = 0, blobs = 0, artifacts_removed_at = ? WHERE key = ?', now, run);
  }
  if (parts === 'run') {
    discount(connection, run, 'journal');
    dropLeftovers(connection, runId, changes);
    dropEvents(connection, run);
    connection.run('DELETE FROM run WHERE key = ?', run);
  }
  return true;
}

const COLUMN_OF = { journal: 'journal_bytes', log: 'log_bytes', artifacts: 'artifact_bytes' } as const;

function discount(connection: Connection, run: number, part: keyof KeptBytes): void {
  const ofRun = (column: string): string => `(SELECT ${column} FROM run WHERE key = ?)`;
  connection.run(`UPDATE kept SET ${part} = ${part} - ${ofRun(COLUMN_OF[part])} WHERE tenant = ${ofRun('tenant')}`, run, run);
}
