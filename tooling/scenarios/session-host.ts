/**
 * A process that submits to the session `line`, one after the other: `session-host.ts <dir> <name> <count> [url]`. The state is in `dir`, or in the
 * Redis server at `url`. It carries nothing on.
 *
 * Each submission has a key of its own, `<name>-<n>`; it says `answer <key> <run>`, and `done` at the end. Who gets no answer asks again.
 */
import { setTimeout as wait } from 'node:timers/promises';

import { createSession, submitInput } from '@kb-labs/engine';
import { hasCode } from '@kb-labs/errors';

import { endWithParent } from './end-with-parent.js';
import { openEngine, type OpenEngine } from './open-engine.js';
import { openRedisEngine } from './open-redis-engine.js';

const [dir = '', name = '', count = '', url] = process.argv.slice(2);
const ASK_AGAIN_MS = 20;
const line = { sessionId: 'line', tenant: 'default', by: name };
const LINE = 'id: line\njobs: { a: { steps: [{ id: s, uses: host/do:it }] } }';

endWithParent();
const options: OpenEngine = { dir, workflows: [LINE], run: () => Promise.reject(new Error('it runs no steps')) };
const { deps, store } = await (url === undefined ? openEngine(options) : openRedisEngine(url, options));
await createSession(deps, { id: 'line', tenant: 'default', by: 'test' });
for (let n = 1; n <= Number(count); n += 1) {
  const key = `${name}-${String(n)}`;
  process.stdout.write(`answer ${key} ${await submit(key)}\n`);
}
await store.close();
process.stdout.write('done\n');

async function submit(key: string): Promise<string> {
  for (;;) {
    try {
      return (await submitInput(deps, { ...line, request: { workflow_id: 'line', metadata: { key }, idempotency_key: key } })).run.run_id;
    } catch (thrown) {
      if (!hasCode(thrown, 'STATE_UNAVAILABLE') && !hasCode(thrown, 'STATE_BUSY') && !hasCode(thrown, 'SESSION_FULL')) throw thrown;
      await wait(ASK_AGAIN_MS);
    }
  }
}
