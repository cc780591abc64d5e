import { join } from 'node:path';

import { aCreate, anEndedSummary, aRunFinished, aTicket, countingIds } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { appendEvents } from './append-events.js';
import { AskedConnection, wasteOf } from './asked-connection.fixture.js';
import { noChanges } from './commit-group.js';
import { createRun } from './create-run.js';
import { migrate } from './migrate.js';
import { temporaryDir } from './temporary-dir.fixture.js';
import { listTicketsOf } from './tickets.js';

const ids = countingIds();

it.each([
  ['has left nothing, and nothing is removed', false],
  ['has a ticket left, which goes with its claims and waits', true],
])('looks once at what a run that ends %s', (_, leaves) => {
  const [connection, runId] = [new AskedConnection(join(temporaryDir(), 'state.db')), ids.runId()];
  migrate(connection);
  createRun(connection, aCreate(runId, { enqueue: leaves ? [aTicket(runId)] : [] }), noChanges(connection));
  connection.asked.clear();
  appendEvents(connection, { runId, at: 1, events: [aRunFinished()], summary: anEndedSummary(runId) }, noChanges(connection));
  const asked = [...connection.asked];
  expect(asked.filter((sql) => sql.startsWith('DELETE'))).toHaveLength(leaves ? 3 : 0);
  expect(asked.flatMap((sql) => wasteOf(connection, sql))).toEqual([]);
  expect(listTicketsOf(connection, runId)).toEqual([]);
  connection.close();
});
