import { spawnSync } from 'node:child_process';

import { NotHere } from './not-here.mjs';

/**
 * A server of the bench's own: an append-only file that is synced every second, on a free port of this machine. Fails with `NotHere`.
 *
 * @param {Readonly<Record<string, string>>} [settings]
 */
export async function startTestRedis(settings = {}) {
  const { status, stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  if (status !== 0) throw new NotHere('there is no Redis: "apt-get install redis-server"');
  /** @type {{ startRedisServer: typeof import('../../../packages/testkit/src/redis-server.js').startRedisServer }} */
  const { startRedisServer } = await import(new URL('../../../packages/testkit/src/redis-server.ts', import.meta.url).href);
  const server = await startRedisServer({ 'maxmemory-policy': 'noeviction', ...settings });
  return { url: server.url, version: `Redis ${/v=(\S+)/.exec(stdout)?.[1] ?? ''}`, stop: () => server.stop() };
}
