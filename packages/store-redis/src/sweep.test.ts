import { aCreate, countingIds, fakeClock, type FakeClock } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import type { RedisStore } from './index.js';
import { sharedServer } from './shared-server.fixture.js';

const server = sharedServer();
const ids = countingIds();
const SWEEP_MS = 5_000;
const RUNS = 7;

interface Watched {
  readonly store: RedisStore;
  readonly clock: FakeClock;
  readonly sent: () => readonly string[];
  /** Names of the commands that were sent while time passed. */
  during(sweeps: number): Promise<string[]>;
}

describe('a process that goes on', () => {
  it('looks into the outboxes of open runs once, and then asks the same few things however many there are', async () => {
    const { during } = await watched();
    expect(looks(await during(1))).toBe(RUNS);
    const sent = await during(20);
    expect(looks(sent)).toBe(0);
    expect(sent.length).toBeLessThanOrEqual(20 * 5);
  });

  it('looks again every ten minutes, whatever it was told', async () => {
    const { during } = await watched();
    await during(1);
    expect(looks(await during(2 * 12 * 10))).toBe(2 * RUNS);
  });

  it('looks again when another one has fallen silent, and not when it has said goodbye', async () => {
    const { during, clock } = await watched();
    await during(1);
    const [left, silent] = [await server.open({ clock, sweepMs: SWEEP_MS }), await server.open({ clock: fakeClock(clock.now()), sweepMs: SWEEP_MS })];
    await left.close();
    expect(looks(await during(2))).toBe(0);
    expect(looks(await during(2))).toBe(RUNS);
    expect(looks(await during(9))).toBe(0);
    await silent.close();
  });

  it('looks again as soon as a connection that was lost is back', async () => {
    const { during, clock, sent } = await watched();
    await during(1);
    await during(1);
    await server.redis.del(`{${server.prefix}}:sweeper`);
    await server.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until(() => {
      void clock.advance(0);
      return looks(sent()) === RUNS;
    });
  });

  it('is heard of as long as it has the state open', async () => {
    const { store, during } = await watched();
    const heard = (): Promise<number> => server.redis.zcard(`{${server.prefix}}:processes`);
    expect(await heard()).toBe(1);
    await during(9);
    expect(await heard()).toBe(1);
    await store.close();
    expect(await heard()).toBe(0);
  });
});

async function watched(): Promise<Watched> {
  const clock = fakeClock();
  let sent: string[] = [];
  const store = await server.open({ clock, sweepMs: SWEEP_MS, interceptor: { before: (name) => void sent.push(name.toUpperCase()) } });
  for (let run = 0; run < RUNS; run += 1) await store.log.create(aCreate(ids.runId()));
  return {
    store,
    clock,
    sent: () => sent,
    async during(sweeps) {
      sent = [];
      for (let sweep = 0; sweep < sweeps; sweep += 1) {
        // By the time of the server nobody else has swept.
        await server.redis.del(`{${server.prefix}}:sweeper`);
        const before = clock.timers;
        await clock.advance(SWEEP_MS);
        await until(() => clock.timers === before);
      }
      return sent;
    },
  };
}

function looks(sent: readonly string[]): number {
  return sent.filter((name) => name === 'LLEN').length;
}

async function until(holds: () => boolean): Promise<void> {
  const patience = AbortSignal.timeout(10_000);
  while (!holds()) {
    if (patience.aborted) throw new Error('did not happen');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
