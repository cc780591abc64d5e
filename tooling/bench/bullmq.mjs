import { cpus } from 'node:os';
import { join } from 'node:path';

import { Contestant } from './peers/contestant.mjs';
import { startTestRedis } from './peers/test-redis.mjs';
import { allWithin, inTurns } from './peers/turns.mjs';
import { spread } from './spread.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

const AT_ONCE = 50;
const COUNT = 2_000;
const ONE_BY_ONE = 100;
/** Of the jobs that BullMQ adds and processes in the same time. */
const RATE_LIMIT = 0.5;
const LATENCY_LIMIT = 2;

/**
 * What the engine costs on top of the queue that it hands its tickets to: runs of one job with three steps that do nothing, next to as
 * many jobs of BullMQ whose processor does nothing. One Redis server with an append-only file, one process on each side, fifty at once.
 *
 * @param {{ repeats?: number | undefined }} options rounds, 5 when left out
 */
export async function benchBullmq({ repeats = 5 }) {
  return inTemporaryFolder(async (dir) => {
    const redis = await startTestRedis();
    try {
      const theirs = await Contestant.start(new URL('./peers/bullmq-app.mjs', import.meta.url), [redis.url, String(AT_ONCE)]);
      const ours = await Contestant.startSource(new URL('./peers/ours.mjs', import.meta.url), [join(dir, 'ours'), String(AT_ONCE), redis.url]);
      const batch = { do: 'batch', atOnce: AT_ONCE, count: COUNT };
      for (const contestant of [theirs, ours]) await contestant.ask(batch);
      const rows = await inTurns(
        [
          {
            what: `all of ${String(COUNT)}, ${String(AT_ONCE)} at once: runs of three steps, next to jobs`,
            unit: 'per second',
            ours: { name: 'runs', measure: () => ours.ask(batch) },
            theirs: { name: 'jobs of BullMQ', measure: () => theirs.ask(batch) },
            limit: RATE_LIMIT,
          },
          {
            what: 'one at a time: from the call to the code of the first step, next to that of a processor',
            unit: 'ms',
            ours: { name: 'first step', measure: async () => median(await ours.ask({ do: 'untilFirstStep', count: ONE_BY_ONE })) },
            theirs: { name: 'processor of BullMQ', measure: async () => median(await theirs.ask({ do: 'untilHandler', count: ONE_BY_ONE })) },
            limit: LATENCY_LIMIT,
          },
        ],
        repeats,
      );
      await ours.end();
      await theirs.end();
      return {
        title: 'Runs on Redis, next to the queue below them',
        rows,
        within: allWithin(rows),
        note: `${String(repeats)} rounds in turns, after one to warm up; one run is one job; ${redis.version}, appendfsync everysec; Node ${process.version}; ${String(cpus().length)} cores`,
      };
    } finally {
      await redis.stop();
    }
  });
}

/** @param {readonly number[]} times */
function median(times) {
  return spread(times).medianMs;
}
