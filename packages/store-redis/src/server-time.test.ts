import type { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';

import { connectForCommands } from './connect.js';
import { keysOf } from './keys.js';
import { Link } from './link.js';
import { ServerTime } from './server-time.js';
import { sharedServer } from './shared-server.fixture.js';
import { systemTimers } from './system-timers.js';

const server = sharedServer();
const DAY = 24 * 3_600_000;

describe('the time of the server', () => {
  it.each([0, DAY, -DAY])('is known to a machine whose clock is %i ms away', async (away) => {
    const before = await timeOf(server.redis);
    const known = await timeFrom(away);
    // A day tells a clock that was not looked at from a slow machine.
    expect(known).toBeGreaterThan(before - DAY / 2);
    expect(known).toBeLessThan((await timeOf(server.redis)) + DAY / 2);
  });

  it('is left alone where the clocks agree', async () => {
    let local = 1_000;
    const link = new Link(connectForCommands(server.connection()), { ...systemTimers, now: () => local });
    onTestFinished(() => link.close());
    const time = new ServerTime(link, keysOf(server.prefix), { ...systemTimers, now: () => local });
    await time.start();
    time.stop();
    expect(time.now()).toBe(1_000);
    local = 2_000;
    expect(time.now()).toBe(2_000);
  });

  it('is that of an open store', async () => {
    const store = await server.open();
    const now = store.now();
    expect(Math.abs(now - (await timeOf(server.redis)))).toBeLessThan(DAY / 2);
    expect((await server.open({ clock: { ...systemTimers, now: () => 77 } })).now()).toBe(77);
  });
});

/** What a machine takes for the server's time whose own is this far away. */
async function timeFrom(awayMs: number): Promise<number> {
  const link = new Link(connectForCommands(server.connection()), undefined);
  onTestFinished(() => link.close());
  const time = new ServerTime(link, keysOf(server.prefix), { ...systemTimers, now: () => Date.now() + awayMs });
  await time.start();
  time.stop();
  return time.now();
}

async function timeOf(redis: Redis): Promise<number> {
  return Number((await redis.time())[0]) * 1_000;
}
