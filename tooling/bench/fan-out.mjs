import { cpus } from 'node:os';
import { join } from 'node:path';

import { Contestant } from './peers/contestant.mjs';
import { commandCounts } from './peers/redis-info.mjs';
import { startTestRedis } from './peers/test-redis.mjs';
import { allWithin, inTurns } from './peers/turns.mjs';
import { spread } from './spread.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

const AT_ONCE = 50;
const COUNT = 10;
/** Faster. */
const LIMIT = 1;

/**
 * A matrix of a hundred jobs that do nothing and a job that needs all of them, next to a flow of BullMQ with one parent and a hundred
 * children: from the call to the code of the last. One Redis server with an append-only file, one process on each side, fifty at once.
 *
 * @param {{ repeats?: number | undefined }} options rounds, 5 when left out
 */
export async function benchFanOut({ repeats = 5 }) {
  return inTemporaryFolder(async (dir) => {
    const redis = await startTestRedis();
    try {
      const theirs = await Contestant.start(new URL('./peers/bullmq-app.mjs', import.meta.url), [redis.url, String(AT_ONCE)]);
      const ours = await Contestant.startSource(new URL('./peers/ours.mjs', import.meta.url), [join(dir, 'ours'), String(AT_ONCE), redis.url]);
      const joined = { do: 'untilJoined', count: COUNT };
      for (const contestant of [theirs, ours]) await contestant.ask(joined);
      const rows = await inTurns(
        [
          {
            what: 'from the call to the code of the job that a hundred others come before',
            unit: 'ms',
            ours: { name: 'matrix and a job that needs it', measure: async () => spread(await ours.ask(joined)).medianMs },
            theirs: { name: 'flow of BullMQ', measure: async () => spread(await theirs.ask(joined)).medianMs },
            limit: LIMIT,
          },
        ],
        repeats,
      );
      const { scripts, commands } = await countedPerRun(Number(new URL(redis.url).port), () => ours.ask(joined));
      await ours.end();
      await theirs.end();
      return {
        title: 'A hundred jobs and one after them, on Redis',
        rows,
        scripts,
        commands,
        within: allWithin(rows),
        note: `a run of ours takes ${scripts.toFixed(0)} scripts, ${commands.toFixed(0)} commands with those they call; ${String(repeats)} rounds in turns of ${String(COUNT)} each, after one to warm up; ${redis.version}, appendfsync everysec; Node ${process.version}; ${String(cpus().length)} cores`,
      };
    } finally {
      await redis.stop();
    }
  });
}

/**
 * What the server is asked for each run.
 *
 * @param {number} port
 * @param {() => Promise<unknown>} work of `COUNT` runs
 */
async function countedPerRun(port, work) {
  const before = await commandCounts(port);
  await work();
  const after = await commandCounts(port);
  const added = Object.entries(after).map(([name, calls]) => /** @type {const} */ ([name, calls - (before[name] ?? 0)]));
  const sum = (/** @type {typeof added} */ counts) => counts.reduce((total, [, calls]) => total + calls, 0) / COUNT;
  return { scripts: sum(added.filter(([name]) => name.startsWith('eval'))), commands: sum(added) };
}
