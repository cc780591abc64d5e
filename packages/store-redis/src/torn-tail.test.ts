import { readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

import { type RunId, toRunId } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import { aCreate, aStepFinished, aSummary, startRedisServer } from '@kb-labs/testkit';
import { expect, it, onTestFinished } from 'vitest';

import { openRedisStore, type RedisStore } from './index.js';

const RUN = toRunId('0'.repeat(26));

/** Kills a server in the middle of writing an append to its file, and goes on with it after a restart; then restarts it again. */
async function writeThroughATornTail(options: { mend: boolean }): Promise<RedisStore> {
  const server = await startRedisServer({ appendfsync: 'always' });
  const store = await openRedisStore({ connection: { url: server.url }, allowVolatile: true });
  onTestFinished(async () => {
    await store.close();
    await server.stop();
  });
  await store.log.create(aCreate(RUN));
  await append(store, 2);
  await server.kill();
  tear(server.dir);
  await server.restart(options);
  await append(store, 2);
  await server.kill();
  await server.restart(options);
  return store;
}

async function append(store: RedisStore, seq: number): Promise<void> {
  const asked = { runId: RUN, at: seq, events: [aStepFinished()], summary: aSummary(RUN, { status: 'running', startedAt: seq }) };
  for (;;) {
    try {
      expect(await store.log.append(asked)).toEqual({ ok: true, seq });
      return;
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'STATE_UNAVAILABLE' });
    }
  }
}

/** Leaves the append at its list of events: the rest of its transaction never came to the file. */
function tear(dir: string): void {
  const name = readdirSync(join(dir, 'appendonlydir')).find((file) => file.endsWith('.incr.aof'));
  if (name === undefined) throw new Error('there is no file to tear');
  const path = join(dir, 'appendonlydir', name);
  const text = readFileSync(path, 'latin1');
  const events = text.lastIndexOf('RPUSH', text.lastIndexOf('step.finished'));
  truncateSync(path, text.indexOf('HSET', events) + 2);
}

const read = (store: RedisStore, runId: RunId): Promise<string[]> => store.log.read(runId, 0).then((events) => events.map(({ type }) => type));

it('keeps nothing of an append that its server was killed in, when the file is mended before the server starts', async () => {
  const store = await writeThroughATornTail({ mend: true });
  expect(await read(store, RUN)).toEqual(['run.started', 'step.finished']);
}, 60_000);

it('does not go unnoticed when the server starts with the file as it was left', async () => {
  const store = await writeThroughATornTail({ mend: false });
  const found = await read(store, RUN).catch((thrown: unknown) => (hasCode(thrown, 'STATE_CORRUPT') ? 'said to be damaged' : thrown));
  // A server that drops the beginning of a transaction by itself leaves nothing to notice.
  expect(['said to be damaged', ['run.started', 'step.finished']]).toContainEqual(found);
}, 60_000);
