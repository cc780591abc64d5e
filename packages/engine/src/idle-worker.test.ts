import { afterEach, expect, it } from 'vitest';

import { type Harness, openHarness, replacing } from './harness.fixture.js';
import { type ManualClock, manualClock } from './manual-clock.fixture.js';

const work = 'id: work\njobs: { one: { steps: [{ uses: host/do:it }] } }';

let host: Harness;
afterEach(() => host.close());

const asked = { take: 0, nextDue: 0 };

/** Hints of tickets get lost, and none is handed over by the store. */
async function openDeaf(): Promise<ManualClock> {
  Object.assign(asked, { take: 0, nextDue: 0 });
  const clock = manualClock();
  host = await openHarness({
    clock,
    workflows: { 'work.yml': work },
    wrap: (deps) => ({
      ...deps,
      queue: replacing(deps.queue, {
        onReady: () => () => undefined,
        standBy: () => () => undefined,
        take: (...given) => {
          asked.take += 1;
          return deps.queue.take(...given);
        },
        nextDue: (worker) => {
          asked.nextDue += 1;
          return deps.queue.nextDue(worker);
        },
      }),
    }),
  });
  return clock;
}

async function advance(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    clock.advance(Math.min(left, 500));
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  }
}

it('asks every five seconds when there will be something to take, and takes nothing meanwhile', async () => {
  const clock = await openDeaf();
  await host.worker();
  await advance(clock, 60_000);
  expect(asked).toEqual({ take: 1, nextDue: 1 + 12 });
});

it('finds a ticket that it was not told of', async () => {
  const clock = await openDeaf();
  await host.worker();
  await host.start('work');
  await advance(clock, 4_500);
  expect(host.calls).toEqual([]);
  await advance(clock, 500);
  expect(host.calls).toHaveLength(1);
});

it('takes a ticket when its lease runs out, not with the next look', async () => {
  const clock = await openDeaf();
  await host.start('work');
  const holder = host.deps.ids.workerId();
  await host.deps.queue.join({ id: holder });
  expect(await host.deps.queue.take(holder, { limit: 1, leaseMs: 7_000 })).toHaveLength(1);
  await host.worker();
  await advance(clock, 6_500);
  expect(host.calls).toEqual([]);
  await advance(clock, 500);
  expect(host.calls).toHaveLength(1);
});

it('asks more often where leases are short', async () => {
  const clock = await openDeaf();
  await host.worker({ leaseMs: 6_000 });
  await advance(clock, 10_000);
  expect(asked).toEqual({ take: 1, nextDue: 1 + 10 });
});

it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('takes again when it is told of a ticket just as it has asked when the next one is due: %i promises later', async (later) => {
  let tell = (): void => undefined;
  let takes = 0;
  host = await openHarness({
    clock: manualClock(),
    workflows: { 'work.yml': work },
    wrap: (deps) => ({
      ...deps,
      queue: replacing(deps.queue, {
        standBy: () => () => undefined,
        onReady: (callback) => {
          tell = callback;
          return () => undefined;
        },
        take: (...given) => {
          takes += 1;
          return deps.queue.take(...given);
        },
        nextDue: (worker) => {
          const due = deps.queue.nextDue(worker);
          void due.then(async () => {
            for (let left = later; left > 0; left -= 1) await Promise.resolve();
            if (takes === 1) tell();
          });
          return due;
        },
      }),
    }),
  });
  await host.worker();
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  expect(takes).toBe(2);
});
