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

import { createWorker, startRun } from '@kb-labs/engine';

import { manual, openEngine } from './open-engine.js';

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

const { deps, store } = await openEngine({
  dir,
  workflows: [text],
  async run(call) {
    appendFileSync(join(dir, 'ledger.txt'), `${call.runId} ${call.job} ${call.step}\n`);
    if (call.input['sleepy'] === true) {
      process.stdout.write(`asleep ${call.runId}\n`);
      while (!existsSync(join(dir, 'gate'))) await wait(5);
      await call.log({ stream: 'stdout', level: 'info', text: `line of ${process.pid}` });
    }
    return { status: 'success', outputs: { pid: process.pid } };
  },
});

async function start(sleepy: boolean): Promise<void> {
  const { run } = await startRun(deps, { workflowId: 'work', input: { sleepy }, trigger: manual });
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
