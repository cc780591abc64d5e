/**
 * A process that starts runs and works on them, to be killed in the midst: `resume-host.ts <dir> <document> <count> <steps>`.
 * The state is in `dir`. Its steps succeed at once with the outputs that a script would have had, and it comes to a stand in the last
 * of `steps`. Says `ack <run>` for each run, then `stands`.
 */
import { readFileSync } from 'node:fs';

import { createWorker, startRun } from '@kb-labs/engine';

import { manual, openEngine } from './open-engine.js';

const [dir = '', file = '', count = '', steps = ''] = process.argv.slice(2);

let begun = 0;
const { deps } = await openEngine({
  dir,
  workflows: [readFileSync(file, 'utf8')],
  run: async (call) => {
    begun += 1;
    if (begun < Number(steps)) return { status: 'success', outputs: { step: call.step, stdout: '', stderr: '', exitCode: 0 } };
    process.stdout.write('stands\n');
    return await new Promise(() => undefined);
  },
});
for (let run = 0; run < Number(count); run += 1) {
  const { run: started } = await startRun(deps, { workflowId: 'many', input: { n: 1 }, trigger: manual });
  process.stdout.write(`ack ${started.id}\n`);
}
await createWorker(deps, { concurrency: 8 }).start();
