import { join } from 'node:path';

import { Contestant } from './peers/contestant.mjs';
import { installPeer } from './peers/install-peer.mjs';
import { runsNextTo } from './peers/runs-next-to.mjs';
import { freePort, startServer } from './peers/start-server.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

const VERSION = '1.7.12';
const SDK_VERSION = '1.17.2';
const LIMIT = 10;

/**
 * Runs of three steps that do nothing, fifty clients at once: the engine inside of one process, on the embedded store, next to one
 * node of Restate with its own settings, whose service and clients are one process of Node.
 *
 * @param {{ repeats?: number | undefined }} options rounds, 5 when left out
 */
export async function benchRestate({ repeats = 5 }) {
  const folder = installPeer('restate', [`@restatedev/restate-server@${VERSION}`, `@restatedev/restate-sdk@${SDK_VERSION}`]);
  return inTemporaryFolder(async (dir) => {
    const [ingress, admin, node, service] = [await freePort(), await freePort(), await freePort(), await freePort()];
    const at = (/** @type {number} */ port) => `http://127.0.0.1:${String(port)}`;
    const server = await startServer(join(folder, 'node_modules/.bin/restate-server'), ['--base-dir', join(dir, 'restate'), '--no-logo'], {
      cwd: dir,
      env: {
        ...process.env,
        DO_NOT_TRACK: '1',
        RESTATE_LISTEN_MODE: 'tcp',
        RESTATE_BIND_ADDRESS: `127.0.0.1:${String(node)}`,
        RESTATE_ADVERTISED_ADDRESS: at(node),
        RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${String(ingress)}`,
        RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${String(admin)}`,
      },
      ready: async () => (await fetch(`${at(admin)}/health`)).ok && (await fetch(`${at(ingress)}/restate/health`)).ok,
    });
    try {
      return await runsNextTo(() => Contestant.start(new URL('./peers/restate-service.mjs', import.meta.url), [folder, String(service), at(ingress), at(admin)]), {
        dir,
        title: 'Durable runs, next to Restate',
        name: `Restate ${VERSION}`,
        limit: LIMIT,
        repeats,
      });
    } finally {
      await server.stop();
    }
  });
}
