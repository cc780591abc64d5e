/**
 * A worker whose state is in Redis, for a test that cuts it off: `cut-off-host.ts <dir> <url> <lease ms> <fences>`.
 * Steps write themselves down in `<dir>/ledger.txt`. Artifacts are in Redis as well.
 *
 * Says `works`. A step that is held writes a line to its log, says `asleep <run>` and waits until `<dir>/gate-<run>-<pid>` is
 * there. If that file says `ask`, it then says in one line of JSON what the store answers to everything that somebody could
 * still try with the lease it was given. After that it comes to its end as steps do: it stores an artifact, writes a line,
 * succeeds. Says `empty` when the process holds no job any more.
 *
 * With `unfenced` the store looks at leases no more: what the test has to notice.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { redisBlobs } from '@kb-labs/blobs/redis';
import type { RunId } from '@kb-labs/contracts';
import { createWorker, type EngineDeps } from '@kb-labs/engine';
import { hasCode } from '@kb-labs/errors';
import type { Lease, StepCall } from '@kb-labs/ports';
import { aStepFinished, someLines } from '@kb-labs/testkit';

import { BREAKS } from './broken-stores.js';
import { endWithParent } from './end-with-parent.js';
import { openRedisEngine } from './open-redis-engine.js';
import { WORK } from './start-work.js';

const LOOK_MS = 5;

const [dir = '', url = '', leaseMs = '', fences = ''] = process.argv.slice(2);

endWithParent();

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { deps: whole } = await openRedisEngine(url, { dir, workflows: [WORK], run });
const unfenced = { ...BREAKS['fences are not looked at']?.(whole), ...BREAKS['leases that are gone are renewed']?.(whole) };
const deps: EngineDeps = { ...whole, ...(fences === 'unfenced' ? unfenced : {}), blobs: redisBlobs({ connection: { url } }) };

/** The leases that were handed out to this process, by run. */
const leases = new Map<RunId, Lease>();
const take: EngineDeps['queue']['take'] = async (worker, options) => {
  const taken = await deps.queue.take(worker, options);
  for (const lease of taken) leases.set(lease.runId, lease);
  return taken;
};
const queue = new Proxy(deps.queue, {
  get: (target, name) => {
    const value: unknown = Reflect.get(target, name);
    if (name === 'take') return take;
    return typeof value === 'function' ? (value.bind(target) as unknown) : value;
  },
});
const worker = createWorker({ ...deps, queue }, { concurrency: 4, leaseMs: Number(leaseMs) });
await worker.start();
say('works');

async function run(call: StepCall): ReturnType<EngineDeps['plugins']['run']> {
  appendFileSync(join(dir, 'ledger.txt'), `${call.runId} ${call.job} ${call.step}\n`);
  if (call.input['held'] === true) {
    await call.log({ stream: 'stdout', level: 'info', text: `${process.pid} begins` });
    say(`asleep ${call.runId}`);
    const gate = join(dir, `gate-${call.runId}-${process.pid}`);
    while (!existsSync(gate)) await wait(LOOK_MS);
    if (readFileSync(gate, 'utf8') === 'ask') say(JSON.stringify(await answersTo(call)));
    void sayWhenEmpty();
    await insist(() => call.saveArtifact({ name: 'made.txt', type: 'text', content: Buffer.from(String(process.pid)) }));
    await call.log({ stream: 'stdout', level: 'info', text: `${process.pid} ends` });
  }
  return { status: 'success', outputs: { pid: process.pid } };
}

/** What becomes of a heartbeat, a line, and a result with an artifact that come from this process. */
async function answersTo({ runId, job, attempt, step, stepAttempt }: StepCall): Promise<object> {
  const lease = leases.get(runId);
  if (lease === undefined) throw new Error('it was handed no job of this run');
  const fence = { ticket: lease.id, token: lease.token };
  const stored = await insist(() => deps.blobs.put(Buffer.from(String(process.pid)), 1_024));
  const last = await insist(() => deps.logs.lastLine(runId, job, step));
  const artifacts = [{ name: 'made.txt', type: 'text' as const, ...stored }];
  const result = aStepFinished({ job, attempt, step, stepAttempt, outputs: { pid: process.pid }, artifacts });
  return {
    renewed: (await insist(() => deps.queue.renew([lease], Number(leaseMs)))).length,
    line: await insist(() => deps.logs.append(runId, fence, someLines({ from: last + 1, to: last + 1, job, step }, { text: `${process.pid} is late` }))),
    result: await insist(() => deps.log.append({ runId, fence, at: Date.now(), events: [result] })),
  };
}

/** The way to the server has to be found again first. */
async function insist<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      if (!hasCode(thrown, 'STATE_UNAVAILABLE')) throw thrown;
      await wait(LOOK_MS);
    }
  }
}

async function sayWhenEmpty(): Promise<void> {
  while (worker.held > 0) await wait(LOOK_MS);
  say('empty');
}
