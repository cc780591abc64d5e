/**
 * A process that asks for runs by keys, many times at once: `post-host.ts <dir> <keys> <posts> [url]`. The state is in `dir`,
 * or in the Redis server at `url`. It carries nothing on.
 *
 * Asks `posts` times at the same time, again and again until each of them had the turn of every key, in an order of its own.
 * Says `answer <key> <run>` for each, then `done`. Who gets no answer asks again.
 */
import { endWithParent } from './end-with-parent.js';
import { openEngine, type OpenEngine } from './open-engine.js';
import { openRedisEngine } from './open-redis-engine.js';
import { startWork, WORK } from './start-work.js';

const [dir = '', keys = '', posts = '', url] = process.argv.slice(2);

endWithParent();
const options: OpenEngine = { dir, workflows: [WORK], run: () => Promise.reject(new Error('it runs no steps')) };
const { deps, store } = await (url === undefined ? openEngine(options) : openRedisEngine(url, options));
const clients = Array.from({ length: Number(posts) }, async (_, client) => {
  for (let turn = 0; turn < Number(keys); turn += 1) {
    const key = `key-${String((client + turn) % Number(keys))}`;
    const run = await startWork(deps, { idempotencyKey: key, held: false });
    process.stdout.write(`answer ${key} ${run}\n`);
  }
});
await Promise.all(clients);
await store.close();
process.stdout.write('done\n');
