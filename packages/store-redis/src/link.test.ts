import { once } from 'node:events';

import { fakeClock, type FakeClock, standStill } from '@kb-labs/testkit';
import { expect, it, onTestFinished } from 'vitest';

import { connectForCommands } from './connect.js';
import { Link } from './link.js';
import { type RedisServer, startRedisServer } from './redis-server.fixture.js';

const AWAY = { code: 'STATE_UNAVAILABLE' };

async function aServer(): Promise<RedisServer> {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  return server;
}

function linkTo(url: string, timers?: FakeClock): Link {
  const link = new Link(connectForCommands({ url }), undefined, timers);
  onTestFinished(() => link.close());
  return link;
}

it('waits for a connection while its process stands still', async () => {
  const { url } = await aServer();
  const link = linkTo(url);
  await link.call('PING');
  const lost = once(link.client, 'close');
  link.client.disconnect(true);
  await lost;
  const call = link.call('PING');
  standStill(1_000);
  expect(await call).toBe('PONG');
});

it('gives a first connection three seconds while nothing speaks against it', async () => {
  const server = await aServer();
  process.kill(server.pid, 'SIGSTOP');
  const clock = fakeClock();
  const link = linkTo(server.url, clock);
  const gaveUp = expect(link.call('PING')).rejects.toMatchObject(AWAY);
  await clock.advance(2_999);
  expect(clock.timers).toBe(1);
  await clock.advance(1);
  await gaveUp;

  const answered = link.call('PING');
  await clock.advance(2_999);
  process.kill(server.pid, 'SIGCONT');
  expect(await answered).toBe('PONG');
  expect(clock.timers).toBe(0);
});

it('gives up within a second where the connection is refused, or was there before', async () => {
  const server = await aServer();
  const clock = fakeClock();
  const link = linkTo(server.url, clock);
  expect(await link.call('PING')).toBe('PONG');
  const lost = once(link.client, 'close');
  await server.kill();
  await lost;
  const again = expect(link.call('PING')).rejects.toMatchObject(AWAY);
  await clock.advance(899);
  expect(clock.timers).toBe(1);
  await clock.advance(1);
  await again;

  const refused = linkTo(server.url, clock);
  await new Promise((resolve) => refused.client.once('error', resolve));
  const first = expect(refused.call('PING')).rejects.toMatchObject({ ...AWAY, details: { problem: expect.stringContaining('ECONNREFUSED') as string } });
  await clock.advance(900);
  await first;
});
