import { join } from 'node:path';
import type { SQLInputValue } from 'node:sqlite';

import { aCreate, countingIds, fakeClock } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import { ChangeWatch } from './change-watch.js';
import { CommitGroup } from './commit-group.js';
import { Connection } from './connection.js';
import { EmbeddedEventLog } from './event-log.js';
import { EmbeddedJobQueue } from './job-queue.js';
import { migrate } from './migrate.js';
import { EmbeddedRecords } from './records.js';
import { StandingBy } from './standing-by.js';
import { temporaryDir } from './temporary-dir.fixture.js';

const FULL = 2;
const NORMAL = 1;

/** Knows whether each of its transactions waits for the disk. */
class CommittingConnection extends Connection {
  readonly commits: number[] = [];

  override run(sql: string, ...parameters: SQLInputValue[]): void {
    if (sql === 'COMMIT') this.commits.push(this.get<{ synchronous: number }>('PRAGMA synchronous')?.synchronous ?? Number.NaN);
    super.run(sql, ...parameters);
  }
}

function open() {
  const connection = new CommittingConnection(join(temporaryDir(), 'state.db'));
  connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  migrate(connection);
  connection.commits.splice(0);
  const clock = fakeClock();
  const watch = new ChangeWatch({ clock, checkMs: 25, logger: undefined, foreignVersion: () => 0, listen: () => () => undefined, workerDied: () => false });
  const group = new CommitGroup(connection, clock, () => undefined);
  const standingBy = new StandingBy(connection, clock);
  return {
    connection,
    group,
    records: new EmbeddedRecords(connection, group, clock),
    log: new EmbeddedEventLog(connection, group, watch, standingBy),
    queue: new EmbeddedJobQueue(connection, group, watch, { clock, standingBy }),
  };
}

describe('what waits for the disk', () => {
  it('is every write but a hand-out, which the first write of its worker takes along', async () => {
    const { connection, log, queue } = open();
    const ids = countingIds();
    const [runId, worker] = [ids.runId(), ids.workerId()];
    await queue.join({ id: worker });
    await log.create(aCreate(runId, { enqueue: [{ runId, job: 'main', attempt: 1, turn: 0, notBefore: 0 }] }));
    expect(connection.commits).toEqual([FULL, FULL]);
    const leases = await queue.take(worker, { limit: 1, leaseMs: 1_000 });
    expect([leases.length, connection.commits.splice(0)]).toEqual([1, [FULL, FULL, NORMAL]]);
    await queue.renew(leases, 2_000);
    await queue.release(leases);
    expect(connection.commits).toEqual([FULL, FULL]);
    connection.close();
  });

  it('is a record, unless whoever writes it says that what comes after it takes it along', async () => {
    const { connection, records } = open();
    const change = { kind: 'a', key: 'b', value: 1 };
    await records.write([change]);
    await records.write([change], { waitsForDisk: false });
    await records.write([change], {});
    expect(connection.commits).toEqual([FULL, NORMAL, FULL]);
    connection.close();
  });

  it('is a commit with one write that does, whatever the others want', async () => {
    const { connection, group } = open();
    const relaxed = { waitsForDisk: false };
    await Promise.all([group.write(() => 1, relaxed), group.write(() => 2), group.write(() => 3, relaxed)]);
    await group.write(() => 4, relaxed);
    await group.write(() => 5);
    expect(connection.commits).toEqual([FULL, NORMAL, FULL]);
    connection.close();
  });

  it('is what comes after a write that failed without', async () => {
    const { connection, group } = open();
    await expect(
      group.write(() => {
        throw new Error('no');
      }, { waitsForDisk: false }),
    ).rejects.toThrow('no');
    await group.write(() => 1);
    expect(connection.commits.at(-1)).toBe(FULL);
    connection.close();
  });
});
