/**
 * Two workers and a gateway on one Redis server, many runs, and one worker killed in the middle:
 *
 *   node examples/two-workers/run.mjs [--runs=1000] [--redis=URL]
 *
 * Exits with 1 when anything that was accepted is lost or done twice.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { Client } from './client.mjs';
import { compare } from './compare.mjs';
import { startDaemon, startRedis } from './machines.mjs';

/** Requests at once. */
const CLIENTS = 8;
const STEPS_OF_A_RUN = 3;

const { values } = parseArgs({ options: { runs: { type: 'string', default: '1000' }, redis: { type: 'string' } } });
const wanted = Number(values.runs);
if (!Number.isInteger(wanted) || wanted < 10) throw new Error('--runs is a whole number from 10 on');

const began = performance.now();
const dir = mkdtempSync(join(tmpdir(), 'two-workers-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, () => process.exit(130));
const ledger = join(dir, 'ledger.txt');
writeFileSync(ledger, '');

const redis = values.redis === undefined ? await startRedis(dir) : undefined;
const stateUrl = values.redis ?? redis?.url ?? '';
const gateway = await startDaemon(join(dir, 'gateway'), stateUrl, '--roles=gateway,scheduler', '--port=0');
const workers = await Promise.all(['worker-1', 'worker-2'].map(async (name) => ({ name, daemon: await startDaemon(join(dir, name), stateUrl, '--roles=worker', '--concurrency=8') })));
// Whoever can read this file of the gateway's machine may ask it for everything, from the same machine.
const client = new Client(gateway.url, readFileSync(join(dir, 'gateway/.kb/state/loopback.key'), 'utf8').trim());
say('a gateway, worker-1 and worker-2 work on one Redis server');

/** @type {string[]} */
const accepted = [];
const keys = Array.from({ length: wanted }, (_, index) => `run-${index}`);
const [killed] = await Promise.all([killInTheMiddle(), startAll()]);
while ((await client.list('count')).some(({ finishedAt }) => finishedAt === null)) await wait(1_000);
say('every run that there is has ended');

/** @type {Map<string, import('./compare.mjs').Event[]>} */
const journals = new Map();
await atOnce(await client.list('count'), async ({ id }) => void journals.set(id, await client.events(id)));
const { lost, doubled, takenOver, byStatus } = compare({ accepted, journals, ledger: readLedger() });

for (const { daemon } of workers) await daemon.end('SIGTERM');
await gateway.end('SIGTERM');
await redis?.end('SIGTERM');

const lines = [
  '',
  `accepted      ${accepted.length} runs`,
  `ended         ${byStatus.join(', ')}`,
  `lost          ${lost.length}`,
  `doubled       ${doubled.length}`,
  `taken over    ${takenOver.length} ${takenOver.length === 1 ? 'step' : 'steps'} of ${killed}`,
  `time          ${seconds()}`,
  ...[...lost, ...doubled].map((problem) => `  ${problem}`),
  '',
];
process.stdout.write(lines.join('\n'));
process.exitCode = lost.length > 0 || doubled.length > 0 ? 1 : 0;

async function startAll() {
  await atOnce(keys, async (idempotencyKey) => void accepted.push(await client.start({ workflowId: 'count', input: { ledger }, idempotencyKey })));
  say(`${accepted.length} runs are accepted`);
}

/** Ends a worker the hard way while it is in some steps, with half of the work done. Answers which one. */
async function killInTheMiddle() {
  for (;;) {
    await wait(20);
    const done = readLedger().filter((line) => line.startsWith('end ')).length;
    const [most] = workers.map((worker) => ({ ...worker, steps: stepsOf(worker.name) })).toSorted((a, b) => b.steps - a.steps);
    if (done === wanted * STEPS_OF_A_RUN) throw new Error('everything was done before a worker could be killed: take more runs');
    if (done < (wanted * STEPS_OF_A_RUN) / 2 || most === undefined || most.steps === 0) continue;
    await most.daemon.end('SIGKILL');
    say(`${most.name} is killed with half of the work done; its jobs are taken over once their lease is over`);
    return most.name;
  }
}

/**
 * The steps that have begun on a machine and not ended.
 *
 * @param {string} name
 */
function stepsOf(name) {
  const lines = readLedger().filter((line) => line.endsWith(` ${name}`));
  return lines.filter((line) => line.startsWith('begin ')).length - lines.filter((line) => line.startsWith('end ')).length;
}

function readLedger() {
  return readFileSync(ledger, 'utf8').split('\n').filter((line) => line !== '');
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T) => Promise<void>} work
 */
async function atOnce(items, work) {
  const left = items.values();
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      for (const item of left) await work(item);
    }),
  );
}

/** @param {string} what */
function say(what) {
  process.stdout.write(`${seconds().padStart(6)}  ${what}\n`);
}

function seconds() {
  return `${Math.round((performance.now() - began) / 1_000)} s`;
}
