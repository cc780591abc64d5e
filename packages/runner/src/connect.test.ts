import { standStill, startRedisServer } from '@kb-labs/testkit';
import { expect, it, onTestFinished } from 'vitest';

import { connect } from './connect.js';

it('waits for its connection while its process stands still', async () => {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  const connecting = connect({ url: server.url }, 5_000);
  standStill(2_100);
  const client = await connecting;
  onTestFinished(() => client.disconnect());
  expect(await client.call('PING')).toBe('PONG');
});
