/**
 * What a warm process of the pool adds to a step of a plugin, and a message to a warm process and back: `pool-host.ts <dir> <rounds>`.
 * In this process, in turns. Prints one line of JSON.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { carryOut, NOTHING, openMeasuredEngine } from './open-measured-engine.js';

const WARM_UP_ROUNDS = 150;

const [dir = '', rounds = '300'] = process.argv.slice(2);

const step = `{ uses: "${NOTHING}" }`;
const workflows = [
  `id: here\njobs: { one: { steps: [${step}, ${step}] } }\n`,
  `id: pooled\njobs: { one: { steps: [${step}, { uses: "${NOTHING}", execution-target: { mode: worker-pool } }] } }\n`,
];
const { deps, close } = await openMeasuredEngine({ dir, workflows, concurrency: 1 });
const echo = startEcho();

const measured: { messageMs: number; hereMs: number; pooledMs: number }[] = [];
for (let round = -WARM_UP_ROUNDS; round < Number(rounds); round += 1) {
  const took = { messageMs: await timed(() => askEcho(echo)), hereMs: await timed(() => carryOut(deps, 'here')), pooledMs: await timed(() => carryOut(deps, 'pooled')) };
  if (round >= 0) measured.push(took);
}
await close();
echo.disconnect();
process.stdout.write(`${JSON.stringify({ rounds: measured })}\n`);

function startEcho(): ChildProcess {
  const file = join(dir, 'echo.mjs');
  writeFileSync(file, `process.on('message', (message) => process.send(message));\n`);
  return fork(file, [], { execArgv: [] });
}

async function askEcho(child: ChildProcess): Promise<void> {
  child.send({ input: {}, name: 'default' });
  await once(child, 'message');
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
