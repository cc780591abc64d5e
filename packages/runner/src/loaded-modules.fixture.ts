/** A program: a worker with the scope given, or of all runs, joins; prints whether BullMQ is loaded then: `loaded-modules.fixture.ts <url> <run or nothing>`. */
import { createRequire } from 'node:module';

import { type RunId, toWorkerId } from '@kb-labs/contracts';
import { openRedisStore } from '@kb-labs/store-redis';

import { createRunner } from './index.js';

const [url = '', run] = process.argv.slice(2);
const connection = { url };
const store = await openRedisStore({ connection });
const runner = createRunner({ queue: store.queue, handOver: store.handOver, connection, prefix: 'kb', clock: { now: Date.now } });
await runner.queue.join({ id: toWorkerId('0'.repeat(26)), ...(run === undefined ? {} : { scope: [run as RunId] }) });
console.log(Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('/node_modules/bullmq/')));
await runner.close();
await store.close();
