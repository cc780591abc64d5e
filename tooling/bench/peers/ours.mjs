/**
 * The engine inside of a process, as a service embeds it, with a plugin whose commands do nothing: `ours.mjs <dir> <concurrency> [<url of Redis>]`.
 * A run is carried out by the plugin host and kept by the store as in every other installation; nothing is replaced by something lighter.
 * As the command line does, it names its build: a document that has not changed is checked once.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { answerAsks } from './answer-asks.mjs';
import { handIn, rateOf, timesOf } from './at-once.mjs';

/** @type {typeof import('../../../packages/engine/src/index.js')} */
const { startRun } = await import(new URL('../../../packages/engine/src/index.ts', import.meta.url).href);
/** @type {typeof import('../../../apps/daemon/src/index.js')} */
const { loadConfig } = await import(new URL('../../../apps/daemon/src/index.ts', import.meta.url).href);
/** @type {typeof import('../../../apps/daemon/src/run-daemon.js')} */
const { startDaemon } = await import(new URL('../../../apps/daemon/src/run-daemon.ts', import.meta.url).href);

const LOOK_MS = 2;
const PARTS = 100;

const THREE_STEPS = `
id: three
jobs:
  only:
    steps: [{ uses: "@bench/noop/bench:nothing" }, { uses: "@bench/noop/bench:nothing" }, { uses: "@bench/noop/bench:nothing" }]
`;
const ASK = `
id: ask
jobs:
  only:
    steps: [{ id: ok, uses: "builtin:approval", with: { title: Go on? } }]
`;
/** The same as `three`, with a hundred lines of a hundred characters. */
const PRINT = `
id: print
jobs:
  only:
    steps: [{ uses: "@bench/noop/bench:print" }, { uses: "@bench/noop/bench:nothing" }, { uses: "@bench/noop/bench:nothing" }]
`;
const FAN_OUT = `
id: fan-out
jobs:
  part:
    strategy: { matrix: { n: [${Array.from({ length: PARTS }, (_, n) => n).join(', ')}] } }
    steps: [{ uses: "@bench/noop/bench:nothing" }]
  join:
    needs: part
    steps: [{ uses: "@bench/noop/bench:join" }]
`;

/** Each is written when it is first asked for: a project has the documents that it needs. */
const unwritten = new Map([['three', THREE_STEPS], ['ask', ASK], ['print', PRINT], ['fan-out', FAN_OUT]]);

const [dir = '', concurrency = '', redis] = process.argv.slice(2);
writeProject();
const config = await loadConfig({ projectRoot: dir, env: {} });
const tell = (/** @type {string} */ message, /** @type {object} */ fields = {}) => void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
const kb = await startDaemon(config, {
  env: { PATH: process.env['PATH'] },
  logger: { debug() {}, info() {}, warn: tell, error: tell },
  version: '0',
  build: 'bench',
  roles: ['worker', 'scheduler'],
  concurrency: Number(concurrency),
});
const { catalog, log } = kb.deps;

answerAsks(
  {
    rate: ({ atOnce, forMs }) => rateOf(() => carryOut('three'), { atOnce, forMs }),
    batch: async ({ atOnce, count, workflow = 'three' }) => {
      const begin = performance.now();
      await handIn(() => start(workflow), { atOnce, count });
      while ((await catalog.openRuns({ limit: 1 })).length > 0) await wait(LOOK_MS);
      return (count * 1_000) / (performance.now() - begin);
    },
    leaveWaiting: async ({ atOnce, count }) => {
      /** @type {Set<import('../../../packages/contracts/src/index.js').RunId>} */
      const left = new Set();
      await handIn(async () => void left.add(await start('ask')), { atOnce, count });
      for (const run of left) while ((await catalog.getRun(run))?.status !== 'waiting') await wait(LOOK_MS);
    },
    processorMs: async () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    untilFirstStep: ({ count }) => timesOf(() => untilEntered('three', 'nothing'), count),
    untilJoined: ({ count }) => timesOf(() => untilEntered('fan-out', 'join'), count),
  },
  () => kb.stop(),
);

/** @param {string} workflowId */
async function start(workflowId) {
  const text = unwritten.get(workflowId);
  if (text !== undefined) writeFileSync(join(dir, `.kb/workflows/${workflowId}.yml`), text);
  unwritten.delete(workflowId);
  const { run } = await startRun(kb.deps, { workflowId, input: {}, trigger: { type: 'manual', actor: 'bench', payload: null, branch: null, tag: null, sha: null } });
  return /** @type {import('../../../packages/contracts/src/index.js').RunId} */ (run.id);
}

/** @param {string} workflowId */
async function carryOut(workflowId) {
  await untilEnded(await start(workflowId));
}

/**
 * From the call to a step's own code.
 *
 * @param {string} workflowId
 * @param {string} command
 */
async function untilEntered(workflowId, command) {
  const entered = new Promise((resolve) => {
    Object.assign(globalThis, {
      benchEntered: (/** @type {string} */ name) => {
        if (name === command) resolve(performance.now());
      },
    });
  });
  const begin = performance.now();
  const run = await start(workflowId);
  const took = (await entered) - begin;
  await untilEnded(run);
  return took;
}

/**
 * Until the end is in the journal.
 *
 * @param {import('../../../packages/contracts/src/index.js').RunId} runId
 */
function untilEnded(runId) {
  return new Promise((resolve, reject) => {
    const look = () => {
      catalog.getRun(runId).then((run) => {
        if (run === undefined || run.finishedAt === null) return;
        unwatch();
        if (run.status === 'success') resolve(run);
        else reject(new Error(`a run ended with ${run.status}`));
      }, reject);
    };
    const unwatch = log.watch(runId, (change) => {
      if (change?.ended !== false) look();
    });
    look();
  });
}

function writeProject() {
  const plugin = join(dir, 'plugins/noop');
  mkdirSync(join(dir, '.kb/workflows'), { recursive: true });
  mkdirSync(plugin, { recursive: true });
  writeFileSync(join(dir, '.kb/kb.config.yaml'), `plugins: [plugins/noop]\n${redis === undefined ? '' : `redis: { url: "${redis}" }\n`}`);
  writeFileSync(join(plugin, 'package.json'), JSON.stringify({ name: '@bench/noop', version: '1.0.0', type: 'module', kb: { plugin: './kb.plugin.json' } }));
  const commands = ['nothing', 'join', 'print'].map((name) => ({ id: `bench:${name}`, describe: 'Does nothing', input: { type: 'object' }, output: { type: 'object' }, permissions: {}, handler: `./${name}.js#default` }));
  writeFileSync(join(plugin, 'kb.plugin.json'), JSON.stringify({ schema: 1, id: '@bench/noop', version: '1.0.0', describe: 'Does nothing', commands }));
  for (const name of ['nothing', 'join']) writeFileSync(join(plugin, `${name}.js`), `export default async () => { globalThis.benchEntered?.('${name}'); return {}; };\n`);
  writeFileSync(join(plugin, 'print.js'), "export default async (_, { log }) => { log.info(Array(100).fill('x'.repeat(100)).join('\\n')); return {}; };\n");
}
