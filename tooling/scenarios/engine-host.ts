/**
 * A process with an engine in it, for tests that kill or stop it: `engine-host.ts <role> <dir> <lease ms>`.
 * Steps do nothing but write themselves down in `<dir>/ledger.txt`. Acknowledgements go to stdout, a line each.
 *
 * - `produce`: four producers start runs until the process ends.
 * - `work`: carries on what is open; with `sleepy` in the input, a step waits until `<dir>/gate` is there.
 * - `soak <runs>`: starts that many runs, carries them out, and ends.
 */
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';

import { fileBlobs } from '@kb-labs/blobs';
import { toRunId, toWorkerId } from '@kb-labs/contracts';
import { createWorker, type EngineDeps, startRun } from '@kb-labs/engine';
import type { PluginHost } from '@kb-labs/ports';
import { openEmbeddedStore } from '@kb-labs/store-embedded';

const [role = '', dir = '', leaseMs = '30000', count = '0'] = process.argv.slice(2);

const text = `
id: work
inputs: { sleepy: { type: boolean, default: false } }
jobs:
  one:
    steps:
      - { id: a, uses: host/do:it }
      - { id: b, uses: host/do:it, with: { sleepy: "\${{ inputs.sleepy }}" } }
  two:
    needs: one
    steps:
      - { id: a, uses: host/do:it }
      - { id: b, uses: host/do:it }
      - { id: c, uses: host/do:it }
`;

const clock = {
  now: () => Date.now(),
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

let ids = 0;
function nextId(): string {
  ids += 1;
  return `${Date.now()}${String(process.pid % 1_000_000).padStart(6, '0')}${String(ids).padStart(7, '0')}`;
}

const plugins: PluginHost = {
  list: () => Promise.resolve([]),
  endStray: () => Promise.resolve(0),
  isolationOf: () => 'in-process',
  resolve: (uses) => {
    const command = { id: uses.command, describe: 'writes itself down', input: {}, output: {}, permissions: {}, handler: './x.js#default' };
    return Promise.resolve({ ok: true, plugin: { id: uses.package, version: '1.0.0', origin: 'project', commands: [command] }, command });
  },
  async run(call) {
    appendFileSync(join(dir, 'ledger.txt'), `${call.runId} ${call.job} ${call.step}\n`);
    if (call.input['sleepy'] === true) {
      process.stdout.write(`asleep ${call.runId}\n`);
      while (!existsSync(join(dir, 'gate'))) await wait(5);
      await call.log({ stream: 'stdout', level: 'info', text: `line of ${process.pid}` });
    }
    return { status: 'success', outputs: { pid: process.pid } };
  },
};

const store = await openEmbeddedStore({ dir, clock });
const deps: EngineDeps = {
  log: store.log,
  catalog: store.catalog,
  queue: store.queue,
  logs: store.logs,
  blobs: fileBlobs({ dir: join(dir, 'blobs') }),
  plugins,
  workflows: { list: () => Promise.resolve([{ file: 'work.yml', text }]), candidates: () => Promise.resolve([{ file: 'work.yml', text }]) },
  files: { hash: () => '', open: () => Promise.resolve(undefined) },
  clock,
  ids: { runId: () => toRunId(nextId()), workerId: () => toWorkerId(nextId()) },
  logger: { debug() {}, info() {}, warn: (message, fields) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`), error: (message, fields) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`) },
  random: Math.random,
  workspace: dir,
  vars: {},
  checkSchema: () => undefined,
};

async function start(sleepy: boolean): Promise<void> {
  const trigger = { type: 'manual' as const, actor: 'test', payload: null, branch: null, tag: null, sha: null };
  const { run } = await startRun(deps, { workflowId: 'work', input: { sleepy }, trigger });
  process.stdout.write(`ack ${run.id}\n`);
}

const worker = createWorker(deps, { concurrency: 8, leaseMs: Number(leaseMs) });
await worker.start();
switch (role) {
  case 'produce':
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (;;) await start(false);
      }),
    );
    break;
  case 'sleepy':
    await start(true);
    break;
  case 'soak':
    await Promise.all(Array.from({ length: Number(count) }, () => start(false)));
    break;
  case 'work':
    break;
}
await worker.idle();
await worker.stop();
await store.close();
process.stdout.write('idle\n');
