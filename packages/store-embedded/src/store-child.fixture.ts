/** A process of its own for the tests that kill one: `store-child.fixture.ts <role> <dir> …`. Every line it prints is an acknowledgement. */
import { randomInt } from 'node:crypto';

import { type RunId, toRunId, toWorkerId } from '@kb-labs/contracts';
import { aCreate, aStepFinished, aStepStarted, aSummary, aTicket } from '@kb-labs/testkit';

import { type EmbeddedStore, openEmbeddedStore } from './index.js';
import { systemClock } from './system-clock.fixture.js';

const [role, dir, ...rest] = process.argv.slice(2);
if (dir === undefined) throw new Error('which folder?');
const store = await openEmbeddedStore({ dir, clock: systemClock });

switch (role) {
  case 'write':
    await Promise.all(Array.from({ length: 6 }, () => writeForEver(store, rest[0] === 'acknowledge-first')));
    break;
  case 'open':
    await store.log.create(aCreate(randomRunId()));
    say('opened');
    break;
  case 'count':
    await countUp(store, { runId: rest[0] as RunId, times: Number(rest[1]) });
    break;
  case 'work':
    await workOff(store, rest[0] as RunId);
    break;
  case 'hold':
    await holdForEver(store, rest[0] as RunId);
    break;
  default:
    throw new Error(`no role ${String(role)}`);
}
await store.close();

/** Three events, a ticket and a summary that names the last event, in each append. */
async function writeForEver(to: EmbeddedStore, acknowledgeFirst: boolean): Promise<never> {
  const runId = randomRunId();
  await to.log.create(aCreate(runId));
  for (let seq = 4; ; seq += 3) {
    const events = [aStepStarted(), aStepFinished(), aStepFinished({ outputs: { text: 'x'.repeat(randomInt(3_000)) } })];
    const summary = aSummary(runId, { status: 'running', startedAt: seq });
    if (acknowledgeFirst) say({ runId, seq });
    const result = await to.log.append({ runId, at: seq, events, summary, enqueue: [aTicket(runId, { turn: seq })] });
    if (!result.ok || result.seq !== seq) throw new Error(`append said ${JSON.stringify(result)}`);
    if (!acknowledgeFirst) say({ runId, seq });
  }
}

/** Decides again and again on what it has read, against others who do the same. */
async function countUp(on: EmbeddedStore, { runId, times }: { runId: RunId; times: number }): Promise<void> {
  for (let done = 0; done < times; ) {
    const head = (await on.log.read(runId, 0)).length;
    const result = await on.log.append({ runId, at: 1, expected: head, events: [aStepStarted({ stepAttempt: head })] });
    if (!result.ok) continue;
    done += 1;
    say(result.seq);
  }
}

/** Takes tickets until there are none, and notes each in the journal. */
async function workOff(on: EmbeddedStore, runId: RunId): Promise<void> {
  const worker = toWorkerId(String(process.pid).padStart(26, '0'));
  await on.queue.join({ id: worker, scope: [runId] });
  for (;;) {
    const leases = await on.queue.take(worker, { limit: 2, leaseMs: 60_000 });
    if (leases.length === 0) break;
    for (const { id, token, job } of leases) {
      const result = await on.log.append({ runId, at: 1, fence: { ticket: id, token }, events: [aStepFinished({ job })], settle: [id] });
      say({ job, ok: result.ok });
    }
  }
  await on.queue.leave(worker);
}

async function holdForEver(on: EmbeddedStore, runId: RunId): Promise<void> {
  const worker = toWorkerId(String(process.pid).padStart(26, '0'));
  await on.queue.join({ id: worker, scope: [runId] });
  say(await on.queue.take(worker, { limit: 1, leaseMs: 3_600_000 }));
  await new Promise(() => setInterval(() => undefined, 60_000));
}

function randomRunId(): RunId {
  return toRunId(Array.from({ length: 26 }, () => String(randomInt(10))).join(''));
}

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
