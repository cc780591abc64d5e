import { cpus } from 'node:os';
import { join } from 'node:path';

import { Contestant } from './peers/contestant.mjs';
import { installPeer } from './peers/install-peer.mjs';
import { freePort, startServer } from './peers/start-server.mjs';
import { allWithin, inTurns } from './peers/turns.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

const VERSION = '1.7.12';
const SDK_VERSION = '1.17.2';
const LIMIT = 10;
const AT_ONCE = 50;
const FOR_MS = 3_000;

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
      const theirs = await Contestant.start(new URL('./peers/restate-service.mjs', import.meta.url), [folder, String(service), at(ingress), at(admin)]);
      const ours = await Contestant.startSource(new URL('./peers/ours.mjs', import.meta.url), [join(dir, 'ours'), String(AT_ONCE)]);
      const rate = { do: 'rate', atOnce: AT_ONCE, forMs: FOR_MS };
      for (const contestant of [theirs, ours]) await contestant.ask(rate);
      const rows = await inTurns(
        [
          {
            what: `runs of three steps that do nothing, ${String(AT_ONCE)} at once`,
            unit: 'per second',
            ours: { name: 'embedded store', measure: () => ours.ask(rate) },
            theirs: { name: `Restate ${VERSION}`, measure: () => theirs.ask(rate) },
            limit: LIMIT,
          },
        ],
        repeats,
      );
      await ours.end();
      await theirs.end();
      return {
        title: 'Durable runs, next to Restate',
        rows,
        within: allWithin(rows),
        note: `${String(repeats)} rounds of ${String(FOR_MS / 1_000)} s in turns, after one to warm up; both as they are set up by default; Node ${process.version}; ${String(cpus().length)} cores`,
      };
    } finally {
      await server.stop();
    }
  });
}
