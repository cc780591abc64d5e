import { Contestant } from './peers/contestant.mjs';
import { installPeer } from './peers/install-peer.mjs';
import { startPostgres } from './peers/postgres.mjs';
import { runsNextTo } from './peers/runs-next-to.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

const VERSION = '5.3.0';
const LIMIT = 20;

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
        return await runsNextTo(() => Contestant.start(new URL('./peers/dbos-app.mjs', import.meta.url), [folder, postgres.url]), {
          dir,
          title: 'Durable runs, next to DBOS Transact',
          name: `DBOS Transact ${VERSION}`,
          limit: LIMIT,
          repeats,
          details: postgres.version,
        });
      } finally {
        await postgres.stop();
      }
    }),
  );
}
