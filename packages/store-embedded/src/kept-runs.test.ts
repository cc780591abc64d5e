import { join } from 'node:path';

import { expect, it } from 'vitest';

import { AskedConnection, wasteOf } from './asked-connection.fixture.js';
import { forgetBlobs, referTo, releaseBlobs, unusedBlobs } from './blobs-of-runs.js';
import { countOpen, listRuns } from './catalog.js';
import { countAsKept, endedRuns, tenantsWithRuns, usageOf } from './kept-runs.js';
import { migrate } from './migrate.js';
import { listRecords } from './records.js';
import { temporaryDir } from './temporary-dir.fixture.js';

function openConnection(): AskedConnection {
  const connection = new AskedConnection(join(temporaryDir(), 'state.db'));
  migrate(connection);
  connection.asked.clear();
  return connection;
}

it('never goes through the history of runs for a list of them, for what is kept of them, or for records', () => {
  const connection = openConnection();
  for (const tenant of [{}, { tenant: 'acme' }]) {
    for (const workflow of [{}, { workflowId: 'w' }]) {
      for (const status of [{}, { status: 'failed' as const }]) {
        for (const place of [{}, { before: 'run_1' as never }, { since: 5 }]) listRuns(connection, { ...tenant, ...workflow, ...status, ...place, limit: 1 });
      }
    }
  }
  for (const part of [{}, { with: 'log' as const }, { with: 'artifacts' as const }]) {
    for (const place of [{}, { after: { endedAt: 3, id: 'run_1' } }]) endedRuns(connection, { tenant: 'acme', before: 5, ...part, ...place, limit: 1 });
  }
  countAsKept(connection, 1);
  usageOf(connection, 'acme');
  tenantsWithRuns(connection);
  countOpen(connection);
  referTo(connection, 1, [{ digest: 'd', bytes: 1 }]);
  releaseBlobs(connection, 1, 5);
  unusedBlobs(connection, { before: 5, limit: 1 });
  forgetBlobs(connection, ['d']);
  for (const page of [{}, { prefix: 'a' }, { after: 'b' }, { prefix: 'a', after: 'b' }, { prefix: 'a', after: 'b', descending: true }]) {
    listRecords(connection, { kind: 'key', page: { ...page, limit: 1 }, now: 0 });
  }
  expect(connection.asked.size).toBeGreaterThan(25);
  expect([...connection.asked].flatMap((sql) => wasteOf(connection, sql).map((waste) => `${waste}: ${sql}`))).toEqual([]);
  connection.close();
});

it('is seen when a list goes through the history', () => {
  const connection = openConnection();
  expect(wasteOf(connection, 'SELECT id FROM run WHERE tenant = ? AND status = ? ORDER BY created_at')).toHaveLength(1);
  expect(wasteOf(connection, 'SELECT * FROM record WHERE value = ?')).toHaveLength(1);
  connection.close();
});
