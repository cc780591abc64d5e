/**
 * What a step that starts a shell adds to a run, and a shell that is started without any engine: `shell-host.ts <dir> <rounds>`.
 * In this process, in turns. Prints one line of JSON.
 */
import { spawn } from 'node:child_process';

import { carryOut, NOTHING, openMeasuredEngine } from './open-measured-engine.js';

const WARM_UP_ROUNDS = 30;

const [dir = '', rounds = '200'] = process.argv.slice(2);

const head = 'permissions: { shell: true }\ndefaults: { run: { shell: sh } }';
const workflows = [
  `id: without\n${head}\njobs: { one: { steps: [{ uses: "${NOTHING}" }] } }\n`,
  `id: with\n${head}\njobs: { one: { steps: [{ uses: "${NOTHING}" }, { run: "true" }] } }\n`,
];
const { deps, close } = await openMeasuredEngine({ dir, workflows, concurrency: 1 });

const measured: { spawnMs: number; withoutMs: number; withMs: number }[] = [];
for (let round = -WARM_UP_ROUNDS; round < Number(rounds); round += 1) {
  const took = { spawnMs: await timed(spawnShell), withoutMs: await timed(() => carryOut(deps, 'without')), withMs: await timed(() => carryOut(deps, 'with')) };
  if (round >= 0) measured.push(took);
}
await close();
process.stdout.write(`${JSON.stringify({ rounds: measured })}\n`);

function spawnShell(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', 'true']);
    child.once('error', reject);
    child.once('close', () => resolve());
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
