import { join } from 'node:path';

import { aCreate, aRunStarted, aStepStarted, aTrigger, countingIds } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { AskedConnection } from './asked-connection.fixture.js';
import { noChanges } from './commit-group.js';
import { createRun } from './create-run.js';
import { insertEvents, readEvents, toBodies } from './journal.js';
import { migrate } from './migrate.js';
import { temporaryDir } from './temporary-dir.fixture.js';

it('asks once for a journal, and once for one that is not there', () => {
  const [connection, ids] = [new AskedConnection(join(temporaryDir(), 'state.db')), countingIds()];
  const runId = ids.runId();
  migrate(connection);
  createRun(connection, aCreate(runId), noChanges(connection));
  const before = connection.queries;
  expect(readEvents(connection, runId, { after: 0, limit: -1 }).map((event) => event.seq)).toEqual([1]);
  expect(readEvents(connection, ids.runId(), { after: 0, limit: -1 })).toEqual([]);
  expect(connection.queries - before).toBe(2);
  connection.close();
});

it('keeps the journals of two runs apart, and refuses one that would go on in the next', () => {
  const [connection, ids] = [new AskedConnection(join(temporaryDir(), 'state.db')), countingIds()];
  migrate(connection);
  const runs = [ids.runId(), ids.runId()] as const;
  for (const runId of runs) createRun(connection, aCreate(runId), noChanges(connection));
  const { bodies } = toBodies([aStepStarted(), aStepStarted()]);
  const most = 2 ** 24 - 1;
  insertEvents(connection, bodies, { key: 1, after: most - 2, at: 5 });
  expect(readEvents(connection, runs[0], { after: most - 1, limit: -1 }).map((event) => event.seq)).toEqual([most]);
  expect(readEvents(connection, runs[1], { after: 0, limit: -1 }).map((event) => event.type)).toEqual(['run.started']);
  expect(() => insertEvents(connection, bodies, { key: 1, after: most - 1, at: 5 })).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  connection.close();
});

it('writes what runs are created with as it is, whether they share their jobs or not', () => {
  const one = aRunStarted();
  const same = aRunStarted({ plan: { ...one.plan, inputs: { name: 'Ada "the first"' } }, trigger: aTrigger({ actor: 'ada' }) });
  const other = aRunStarted({ plan: { ...one.plan, jobs: one.plan.jobs.map((job) => ({ ...job, name: 'another' })) } });
  for (const events of [[one], [same], [other, aStepStarted()], [aRunStarted({ plan: { ...one.plan, jobs: [] } }), one], [aStepStarted(), one], []]) {
    const { bodies, bytes } = toBodies(events);
    expect(JSON.parse(bodies.text)).toEqual(JSON.parse(JSON.stringify(events)));
    expect(bytes).toBe(events.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)), 0));
  }
});
