import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { startDaemon } from './daemon-process.mjs';
import { rateOf, timesOf } from './peers/at-once.mjs';
import { installPeer } from './peers/install-peer.mjs';
import { freePort, startServer } from './peers/start-server.mjs';
import { allWithin, inTurns } from './peers/turns.mjs';
import { spread } from './spread.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

const VERSION = '1.30.2';
/** The program itself: what finds it by the machine is another package. */
const PACKAGE = `@dagu-org/dagu-${process.platform}-${process.arch}`;
const CLIENTS = 8;
const FOR_MS = 3_000;
const TIMES = 3;
/** Whoever waits for a run of Dagu asks again after so long; ours answers when it has ended, and Dagu has no such request. */
const LOOK_MS = 5;
const WAIT_S = 60;
const ROW = 10;
const SIDE_BY_SIDE = 100;
/** The status of a run of Dagu. */
const SUCCEEDED = 4;
/** Not started, running, queued. */
const OPEN = [0, 1, 5];
/** A run whose process has not told of itself yet is shown as failed for a moment: it has failed when it is so after this long. */
const SETTLED_MS = 2_000;

/**
 * Runs of shell commands through the REST API: one, ten in a row, a hundred beside each other. The daemon next to the server of Dagu,
 * both on loopback with their own settings; ours but for the bound on requests per minute, which Dagu does not have.
 *
 * @param {{ repeats?: number | undefined }} options rounds, 5 when left out
 */
export async function benchDagu({ repeats = 5 }) {
  const folder = installPeer('dagu', [`${PACKAGE}@${VERSION}`]);
  return inTemporaryFolder(async (dir) => {
    const theirs = await startDagu(folder, join(dir, 'dagu'));
    try {
      const ours = await startOurs(join(dir, 'ours'));
      try {
        const rate = (/** @type {(id: string) => Promise<unknown>} */ side) => rateOf((client) => side(idOf(client)), { atOnce: CLIENTS, forMs: FOR_MS });
        for (const side of [theirs, ours]) await rate(side);
        const time = async (/** @type {(id: string) => Promise<number>} */ side, /** @type {string} */ id) => spread(await timesOf(() => side(id), TIMES)).medianMs;
        const sides = (/** @type {(side: typeof ours) => Promise<number>} */ measure) => ({
          ours: { name: 'daemon', measure: () => measure(ours) },
          theirs: { name: `Dagu ${VERSION}`, measure: () => measure(theirs) },
        });
        const rows = await inTurns(
          [
            { what: `runs of one shell command, ${String(CLIENTS)} clients`, unit: 'per second', ...sides(rate), limit: 8 },
            { what: `a run of ${String(ROW)} shell commands in a row`, unit: 'ms', ...sides((side) => time(side, 'row')), limit: 1 },
            { what: `a run of ${String(SIDE_BY_SIDE)} shell commands beside each other`, unit: 'ms', ...sides((side) => time(side, 'beside')), limit: 0.5 },
          ],
          repeats,
        );
        return {
          title: 'Shell commands through the REST API, next to Dagu',
          rows,
          within: allWithin(rows),
          note: `${String(repeats)} rounds in turns, after one to warm up; whoever waits for Dagu looks every ${String(LOOK_MS)} ms, for ours asks once; Node ${process.version}; ${String(cpus().length)} cores`,
        };
      } finally {
        await ours.stop();
      }
    } finally {
      await theirs.stop();
    }
  });
}

/**
 * What carries a workflow out and answers how long it took, in milliseconds.
 *
 * @param {string} folder
 * @param {string} home
 */
async function startDagu(folder, home) {
  const dags = join(home, 'dags');
  mkdirSync(dags, { recursive: true });
  const step = (/** @type {number} */ n) => `  - name: s${String(n)}\n    command: "true"\n`;
  for (const n of count(CLIENTS)) writeFileSync(join(dags, `${idOf(n)}.yaml`), `steps:\n${step(0)}`);
  writeFileSync(join(dags, 'row.yaml'), `steps:\n${count(ROW).map(step).join('')}`);
  writeFileSync(join(dags, 'beside.yaml'), `type: graph\nsteps:\n${count(SIDE_BY_SIDE).map(step).join('')}`);
  const port = await freePort();
  const base = `http://127.0.0.1:${String(port)}/api/v2`;
  const server = await startServer(join(folder, 'node_modules', PACKAGE, 'bin/dagu'), ['server', '--host=127.0.0.1', `--port=${String(port)}`, `--dags=${dags}`], {
    cwd: home,
    env: { ...process.env, DAGU_HOME: home },
    ready: async () => (await fetch(`${base}/health`)).ok,
  });
  const run = async (/** @type {string} */ id) => {
    const begin = performance.now();
    const { dagRunId } = await answerOf(`${base}/dags/${id}/start`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    let endedAt;
    for (;;) {
      const { dagRunDetails } = await answerOf(`${base}/dag-runs/${id}/${dagRunId}`, {}, 404);
      const now = performance.now();
      if (dagRunDetails?.status === SUCCEEDED) return now - begin;
      endedAt = dagRunDetails === undefined || OPEN.includes(dagRunDetails.status) ? undefined : (endedAt ?? now);
      if (endedAt !== undefined && now - endedAt > SETTLED_MS) throw new Error(`a run of Dagu ended with ${String(dagRunDetails.statusLabel)}`);
      await wait(LOOK_MS);
    }
  };
  return Object.assign(run, { stop: () => server.stop() });
}

/** @param {string} project */
async function startOurs(project) {
  mkdirSync(join(project, '.kb/workflows'), { recursive: true });
  writeFileSync(join(project, '.kb/kb.config.yaml'), 'tiers: { bench: {} }\ndefault-tier: bench\n');
  const write = (/** @type {string} */ id, /** @type {object} */ jobs) => writeFileSync(join(project, `.kb/workflows/${id}.json`), JSON.stringify({ id, permissions: { shell: true }, jobs }));
  const step = { run: 'true' };
  for (const n of count(CLIENTS)) write(idOf(n), { only: { steps: [step] } });
  write('row', { only: { steps: count(ROW).map(() => step) } });
  write('beside', Object.fromEntries(count(SIDE_BY_SIDE).map((n) => [`s${String(n)}`, { steps: [step] }])));
  const daemon = await startDaemon(project);
  const runs = '/api/v1/workflows/runs';
  const run = async (/** @type {string} */ id) => {
    const begin = performance.now();
    /** @type {any} */
    let view = await (await daemon.request(`${runs}?wait=${String(WAIT_S)}`, { method: 'POST', body: JSON.stringify({ workflowId: id }) })).json();
    while (view.finishedAt === null) view = await (await daemon.request(`${runs}/${view.id}?wait=${String(WAIT_S)}`)).json();
    if (view.status !== 'success') throw new Error(`a run ended with ${String(view.status)}`);
    return performance.now() - begin;
  };
  return Object.assign(run, { stop: () => daemon.stop() });
}

/**
 * Of the workflow of one client: two runs of the same one that begin at once are in each other's way in Dagu, and one of them fails.
 *
 * @param {number} client
 */
function idOf(client) {
  return `one-${String(client)}`;
}

/** @param {number} most */
function count(most) {
  return Array.from({ length: most }, (_, n) => n);
}

/**
 * @param {string} url
 * @param {RequestInit} options
 * @param {number} [absent] the status that says that it is not there yet
 * @returns {Promise<any>}
 */
async function answerOf(url, options, absent) {
  const response = await fetch(url, options);
  if (response.status === absent) return {};
  if (!response.ok) throw new Error(`${url} was answered with ${String(response.status)}: ${await response.text()}`);
  return response.json();
}
