/** A process that dies with a job of BullMQ in its hands, right before it takes the ticket: `dying-worker.fixture.ts <url> <prefix>`. */
import { toWorkerId } from '@kb-labs/contracts';
import { openRedisStore } from '@kb-labs/store-redis';

import { createRunner } from './index.js';

const [url = '', prefix = ''] = process.argv.slice(2);
const connection = { url };
const store = await openRedisStore({ connection, prefix });
const { queue } = createRunner({
  queue: store.queue,
  handOver: {
    isShared: () => true,
    offer: (options) => store.handOver.offer(options),
    takeOffered: () => {
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => undefined);
    },
  },
  connection,
  prefix,
  clock: { now: Date.now },
});
const worker = toWorkerId('0'.repeat(26));
await queue.join({ id: worker });
await queue.take(worker, { limit: 2, leaseMs: 60_000 });
throw new Error('still alive');
