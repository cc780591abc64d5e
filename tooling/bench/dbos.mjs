import { cpus } from 'node:os';
import { join } from 'node:path';

import { Contestant } from './peers/contestant.mjs';
import { installPeer } from './peers/install-peer.mjs';
import { startPostgres } from './peers/postgres.mjs';
import { allWithin, inTurns } from './peers/turns.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

const VERSION = '5.3.0';
const LIMIT = 20;
const AT_ONCE = 50;
const FOR_MS = 3_000;

/**
 * Runs of three steps that do nothing, fifty clients at once: the engine inside of one process, on the embedded store, next to DBOS
 * Transact inside of one process, on a Postgres of this machine as `initdb` sets it up.
 *
 * @param {{ repeats?: number | undefined }} options rounds, 5 when left out
 */
export async function benchDbos({ repeats = 5 }) {
  const folder = installPeer('dbos', [`@dbos-inc/dbos-sdk@${VERSION}`]);
  return inTemporaryFolder((dir) =>
    inTemporaryFolder(async (base) => {
      const postgres = await startPostgres(base);
      try {
        const theirs = await Contestant.start(new URL('./peers/dbos-app.mjs', import.meta.url), [folder, postgres.url]);
        const ours = await Contestant.startSource(new URL('./peers/ours.mjs', import.meta.url), [join(dir, 'ours'), String(AT_ONCE)]);
        const rate = { do: 'rate', atOnce: AT_ONCE, forMs: FOR_MS };
        for (const contestant of [theirs, ours]) await contestant.ask(rate);
        const rows = await inTurns(
          [
            {
              what: `runs of three steps that do nothing, ${String(AT_ONCE)} at once`,
              unit: 'per second',
              ours: { name: 'embedded store', measure: () => ours.ask(rate) },
              theirs: { name: `DBOS Transact ${VERSION}`, measure: () => theirs.ask(rate) },
              limit: LIMIT,
            },
          ],
          repeats,
        );
        await ours.end();
        await theirs.end();
        return {
          title: 'Durable runs, next to DBOS Transact',
          rows,
          within: allWithin(rows),
          note: `${String(repeats)} rounds of ${String(FOR_MS / 1_000)} s in turns, after one to warm up; both as they are set up by default; ${postgres.version}; Node ${process.version}; ${String(cpus().length)} cores`,
        };
      } finally {
        await postgres.stop();
      }
    }),
  );
}
