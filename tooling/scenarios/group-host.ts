/**
 * A process with an engine in it whose runs and jobs share locks, for a test that kills it: `group-host.ts <role> <dir>`.
 * Steps write down in `<dir>/groups.txt` when they begin and end to hold a group, and all of them in `<dir>/ledger.txt`.
 *
 * - `produce`: one producer for each group starts runs until the process ends.
 * - `work`: carries on what is open, and ends when nothing is.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { createWorker, startRun } from '@kb-labs/engine';

import { manual, openEngine } from './open-engine.js';

const GROUPS = 3;
const PAUSE_MS = 15;

const [role = '', dir = ''] = process.argv.slice(2);

const inputs = 'inputs: { group: { type: string, required: true } }';
const held = `
    steps:
      - { id: take, uses: host/do:it, with: { group: "\${{ inputs.group }}", says: begin } }
      - { id: hold, uses: host/do:it }
      - { id: give, uses: host/do:it, with: { group: "\${{ inputs.group }}", says: end } }`;
const workflows = [
  `
id: by-run
${inputs}
concurrency: \${{ inputs.group }}
jobs:
  lock: ${held}
`,
  `
id: by-job
${inputs}
jobs:
  before: { steps: [{ uses: host/do:it }] }
  lock:
    concurrency: \${{ inputs.group }} ${held}
`,
];

const { deps, store } = await openEngine({
  dir,
  workflows,
  async run(call) {
    appendFileSync(join(dir, 'ledger.txt'), `${call.runId} ${call.job} ${call.step}\n`);
    const { group, says } = call.input;
    if (typeof group === 'string' && typeof says === 'string') appendFileSync(join(dir, 'groups.txt'), `${group} ${says} ${call.runId}\n`);
    await wait(1);
    return { status: 'success', outputs: {} };
  },
});
const worker = createWorker(deps, { concurrency: 8 });
await worker.start();
if (role === 'produce') {
  await Promise.all(['by-run', 'by-job'].flatMap((workflowId) => Array.from({ length: GROUPS }, (_, n) => produce(workflowId, `${workflowId}-${n}`))));
}
await worker.idle();
await worker.stop();
await store.close();
process.stdout.write('idle\n');

async function produce(workflowId: string, group: string): Promise<void> {
  for (;;) {
    const { run } = await startRun(deps, { workflowId, input: { group }, trigger: manual });
    process.stdout.write(`ack ${run.id}\n`);
    await wait(PAUSE_MS);
  }
}
