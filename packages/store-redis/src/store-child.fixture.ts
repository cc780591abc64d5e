/** A process that dies between two steps: `store-child.fixture.ts <what> <url> <prefix> <run> [<sweepMs>]`. It kills itself right before the step it never takes. */
import { type RunId, toWorkerId } from '@kb-labs/contracts';
import { aCreate, aStepFinished, aTicket, anEndedSummary } from '@kb-labs/testkit';

import { openRedisStore } from './index.js';
import { intercepted, isCallOf } from './intercepted.fixture.js';
import { APPLY_ENTRIES } from './lua/apply-entries.js';
import { GRAB_TICKETS, OPEN_RUN } from './lua/run-scripts.js';
import { END_REMOVAL, REMOVE_PARTS } from './lua/retention-scripts.js';
import type { Script } from './lua/script.js';

const [what, url = '', prefix = '', run, sweepMs = '3600000'] = process.argv.slice(2);
const runId = run as RunId;
let armed = false;

const store = await openRedisStore({
  connection: intercepted(url, {
    keysApart: true,
    before(command, args) {
      if (armed && isCallOf(lastStep(), command, args)) process.kill(process.pid, 'SIGKILL');
    },
  }),
  prefix,
  sweepMs: Number(sweepMs),
});

switch (what) {
  case 'append':
    armed = true;
    await store.log.append({ runId, at: 5, events: [aStepFinished()], enqueue: [aTicket(runId)], claim: [{ group: 'g', job: null }] });
    break;
  case 'end':
    armed = true;
    await store.log.append({ runId, at: 5, events: [aStepFinished()], summary: anEndedSummary(runId) });
    break;
  case 'create':
  case 'enter':
    armed = true;
    await store.log.create(aCreate(runId, { at: 5, enqueue: [aTicket(runId)], idempotency: { key: 'k', digest: 'd', keepUntil: 1e13 } }));
    break;
  case 'begin removal':
  case 'end removal':
    armed = true;
    await store.retention.remove(runId, 'run');
    break;
  case 'take': {
    const worker = toWorkerId('0'.repeat(26));
    await store.queue.join({ id: worker });
    armed = true;
    await store.queue.take(worker, { limit: 9, leaseMs: 400 });
    break;
  }
  default:
    throw new Error(`no ${String(what)}`);
}
throw new Error('still alive');

function lastStep(): Script {
  if (what === 'create') return OPEN_RUN;
  if (what === 'begin removal') return REMOVE_PARTS;
  if (what === 'end removal') return END_REMOVAL;
  return what === 'take' ? GRAB_TICKETS : APPLY_ENTRIES;
}
