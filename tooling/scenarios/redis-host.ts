/**
 * A process with an engine whose state is in Redis, for tests that kill it, stop it, or take the server away:
 * `redis-host.ts <role> <dir> <url> …`. Steps do nothing but write themselves down in `<dir>/ledger.txt`.
 *
 * - `produce <runs> <pause ms>`: four producers start that many runs in all, and each pauses after each of its own. Says
 *   `ack <run>` for each, then `produced`. Carries nothing on.
 * - `work <lease ms>`: carries on what is open until the process ends. Says `works`. A step that is held says `asleep <run>`,
 *   waits until `<dir>/gate-<run>-<pid>` is there, and writes a line to its log if that file says `log`. Says `empty` when the
 *   process holds no job any more after that.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { createWorker } from '@kb-labs/engine';

import { openRedisEngine } from './open-redis-engine.js';
import { startWork, WORK } from './start-work.js';

const PRODUCERS = 4;
const CONCURRENCY = 8;
const LOOK_MS = 5;

const [role = '', dir = '', url = '', amount = '', pauseMs = '0'] = process.argv.slice(2);

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { deps, store } = await openRedisEngine(url, {
  dir,
  workflows: [WORK],
  async run(call) {
    appendFileSync(join(dir, 'ledger.txt'), `${call.runId} ${call.job} ${call.step}\n`);
    if (call.input['held'] === true) {
      say(`asleep ${call.runId}`);
      const gate = join(dir, `gate-${call.runId}-${process.pid}`);
      while (!existsSync(gate)) await wait(LOOK_MS);
      void sayWhenEmpty();
      if (readFileSync(gate, 'utf8') === 'log') await call.log({ stream: 'stdout', level: 'info', text: `line of ${process.pid}` });
    }
    return { status: 'success', outputs: { pid: process.pid } };
  },
});
const worker = createWorker(deps, { concurrency: CONCURRENCY, ...(role === 'work' ? { leaseMs: Number(amount) } : {}) });

switch (role) {
  case 'produce':
    await produce(Number(amount));
    await store.close();
    say('produced');
    break;
  case 'work':
    await worker.start();
    say('works');
    break;
}

async function produce(runs: number): Promise<void> {
  let asked = 0;
  const producers = Array.from({ length: PRODUCERS }, async () => {
    while (asked < runs) {
      asked += 1;
      say(`ack ${await startWork(deps, { idempotencyKey: `${process.pid}-${asked}`, held: false })}`);
      await wait(Number(pauseMs));
    }
  });
  await Promise.all(producers);
}

async function sayWhenEmpty(): Promise<void> {
  while (worker.held > 0) await wait(LOOK_MS);
  say('empty');
}
