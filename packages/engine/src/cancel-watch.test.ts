import { type Reason, type RunEvent, type RunEventBody, toRunId } from '@kb-labs/contracts';
import type { EventLog, Lease, RunChange } from '@kb-labs/ports';
import { expect, it } from 'vitest';

import { CancelWatch } from './cancel-watch.js';
import { JobHold } from './job-hold.js';
import { manualClock } from './manual-clock.fixture.js';

const RUN = toRunId('0'.repeat(26));
const STEP: RunEventBody = { type: 'step.started', job: 'a', attempt: 1, step: 's', stepAttempt: 1, isolation: 'in-process' };
const CANCEL: RunEventBody = { type: 'run.cancel_requested', by: 'tester' };
const REASON: Reason = { rule: 'concurrency', message: 'it made way' };

function watching(since: number) {
  const reads: number[] = [];
  const journal: RunEvent[] = [];
  let change: (change?: RunChange) => void = () => undefined;
  const log: Pick<EventLog, 'read' | 'watch'> = {
    read: (_, after) => {
      reads.push(after);
      return Promise.resolve(journal.filter(({ seq }) => seq > after));
    },
    watch: (_, onChange) => {
      change = onChange;
      return () => undefined;
    },
  };
  const clock = manualClock();
  const watch = new CancelWatch({ log: log as EventLog, clock });
  const holds = ['a', 'b'].map((job) => new JobHold({ runId: RUN, job } as Lease));
  const ends = holds.map((hold) => watch.add(hold, since));
  return {
    watch,
    clock,
    ends,
    reads,
    cancelled: () => holds.map(({ cancelled }) => cancelled),
    write: (...bodies: RunEventBody[]): RunEvent[] => {
      const events = bodies.map((body, index) => ({ ...body, seq: since + journal.length + index + 1, at: 1 }));
      journal.push(...events);
      return events;
    },
    async changed(decided?: number): Promise<void> {
      change(decided === undefined ? undefined : { decided, ended: false });
      for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    },
  };
}

const span = (events: readonly RunEvent[]) => ({ after: (events[0]?.seq ?? 1) - 1, upTo: events.at(-1)?.seq ?? 0 });
const follow = (watch: CancelWatch, events: readonly RunEvent[]): void => watch.follow(RUN, span(events), events);

it('does not read what the worker has learned of a journal by itself', async () => {
  const { watch, reads, cancelled, write, changed } = watching(3);
  follow(watch, write(STEP, STEP));
  await changed(5);
  expect([reads, cancelled()]).toEqual([[], [false, false]]);
  follow(watch, write(CANCEL));
  expect(cancelled()).toEqual([true, true]);
  await changed(6);
  expect(reads).toEqual([]);
});

it('reads what somebody else has decided, and from where it knows the journal to', async () => {
  const { watch, reads, cancelled, write, changed } = watching(3);
  write({ type: 'job.cancel_requested', job: 'b', reason: REASON });
  // Behind what it does not know.
  follow(watch, write(STEP));
  expect(cancelled()).toEqual([false, false]);
  await changed(4);
  expect([reads, cancelled()]).toEqual([[3], [false, true]]);
  await changed(5);
  expect(reads).toEqual([3]);
});

it('looks a moment after it began to watch for what came in between, unless its jobs have ended by then, and at once from there on', async () => {
  const late = watching(3);
  late.write(CANCEL);
  await late.changed();
  expect([late.reads, late.cancelled()]).toEqual([[], [false, false]]);
  late.clock.advance(200);
  await new Promise(setImmediate);
  expect([late.reads, late.cancelled()]).toEqual([[3], [true, true]]);
  await late.changed();
  expect(late.reads).toEqual([3, 4]);

  const ended = watching(3);
  await ended.changed();
  for (const end of ended.ends) end();
  ended.clock.advance(200);
  await new Promise(setImmediate);
  expect(ended.reads).toEqual([]);
});

it('tells each cancellation once: a second one stops what cleans up', async () => {
  const { watch, write, changed } = watching(3);
  const hold = new JobHold({ runId: RUN, job: 'c' } as Lease);
  watch.add(hold, 3);
  const stops: string[] = [];
  hold.onStop((reason) => stops.push(reason));
  const asked = write(CANCEL);
  follow(watch, asked);
  follow(watch, asked);
  await changed(4);
  expect(stops).toEqual(['cancelled']);
  follow(watch, write(CANCEL));
  expect(stops).toEqual(['cancelled', 'cancelled']);
});
