/**
 * BullMQ by itself, of the version that the engine hands its tickets to, with a processor that does nothing: `bullmq-app.mjs <url of Redis> <concurrency>`.
 * Jobs have the options that the engine gives its own.
 */
import { createRequire } from 'node:module';

import { answerAsks } from './answer-asks.mjs';
import { handIn, timesOf } from './at-once.mjs';

const [url = '', concurrency = ''] = process.argv.slice(2);
const { Queue, Worker, FlowProducer } = createRequire(new URL('../../../packages/runner/package.json', import.meta.url))('bullmq');

const PARTS = 100;
/** As `packages/runner/src/delivery.ts` has them. */
const OPTIONS = { priority: 2, attempts: 1, removeOnComplete: true, removeOnFail: true };
const { hostname: host, port } = new URL(url);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };

let processed = 0;
/** @type {((name: string) => void) | undefined} */
let entered;
/** @type {((name: string) => void) | undefined} */
let completed;
const queue = new Queue('bench', { connection });
const flows = new FlowProducer({ connection });
const worker = new Worker(
  'bench',
  async (/** @type {{ name: string }} */ { name }) => {
    entered?.(name);
    processed += 1;
    return {};
  },
  { connection, concurrency: Number(concurrency), removeOnComplete: { count: 0 } },
);
worker.on('completed', (/** @type {{ name: string }} */ { name }) => completed?.(name));
await worker.waitUntilReady();
await queue.waitUntilReady();

answerAsks(
  {
    batch: async ({ atOnce, count }) => {
      const wanted = processed + count;
      const all = new Promise((resolve) => {
        completed = () => {
          if (processed >= wanted) resolve(undefined);
        };
      });
      const begin = performance.now();
      await handIn(() => queue.add('job', {}, OPTIONS), { atOnce, count });
      await all;
      return (count * 1_000) / (performance.now() - begin);
    },
    untilHandler: ({ count }) => timesOf(() => untilEntered('job', () => queue.add('job', {}, OPTIONS)), count),
    untilJoined: ({ count }) => timesOf(() => untilEntered('join', fanOut), count),
  },
  async () => {
    await worker.close();
    await Promise.all([queue.close(), flows.close()]);
  },
);

function fanOut() {
  const children = Array.from({ length: PARTS }, (_, n) => ({ name: 'part', queueName: 'bench', data: { n }, opts: OPTIONS }));
  return flows.add({ name: 'join', queueName: 'bench', opts: OPTIONS, children });
}

/**
 * From the call to the processor.
 *
 * @param {string} name
 * @param {() => Promise<unknown>} add
 */
async function untilEntered(name, add) {
  const ended = new Promise((resolve) => {
    completed = (one) => {
      if (one === name) resolve(undefined);
    };
  });
  const there = new Promise((resolve) => {
    entered = (one) => {
      if (one === name) resolve(performance.now());
    };
  });
  const begin = performance.now();
  await add();
  const took = (await there) - begin;
  await ended;
  return took;
}
