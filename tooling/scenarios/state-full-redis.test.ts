import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';

import { type RedisServer, startRedisServer } from '@kb-labs/testkit';
import { afterEach, describe, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { sized } from './fault-size.js';
import { Hosts } from './host.fixture.js';
import { openRedisEngine } from './open-redis-engine.js';
import { Project } from './project.fixture.js';
import { acknowledged, allEnded, ask, askAgain, complaints, fill, GROWING, isReady, until } from './state-full.fixture.js';

const MEMORY = sized('12mb', '20mb');

const hosts = new Hosts();
const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  hosts.clear();
});

async function startServer(settings: Readonly<Record<string, string>>): Promise<RedisServer> {
  const server = await startRedisServer({ appendfsync: 'always', maxmemory: MEMORY, ...settings });
  closing.push(() => server.stop());
  return server;
}

/** The state as this process sees it. It carries nothing on. */
async function openSite(server: RedisServer) {
  const dir = hosts.newDir();
  const { deps, store } = await openRedisEngine(server.url, { dir, workflows: [GROWING], run: () => Promise.reject(new Error('it runs no steps')) });
  closing.push(() => store.close());
  return { dir, deps, ledger: join(dir, 'ledger.txt') };
}

/** Changes a setting of a server that runs, as an operator does with `redis-cli`. */
async function configure(server: RedisServer, setting: string, value: string): Promise<void> {
  const socket = connect(server.port, '127.0.0.1').setEncoding('utf8');
  socket.write(`CONFIG SET ${setting} ${value}\r\n`);
  const [answer] = await once(socket, 'data');
  socket.destroy();
  if (answer !== '+OK\r\n') throw new Error(`the server answered ${String(answer)}`);
}

describe('a Redis server whose memory is full', () => {
  it('has what it cannot keep refused within a second, and everything it accepted ends once there is room', async () => {
    const server = await startServer({ 'maxmemory-policy': 'noeviction' });
    const { dir, deps, ledger } = await openSite(server);
    const project = new Project({ '.kb/workflows/growing.yml': GROWING }, { KB_STATE_URL: server.url });
    closing.push(() => project.remove());
    const daemon = await DaemonProcess.start(project);
    await DaemonProcess.start(project, '--roles=gateway,worker', '--concurrency=2');
    expect(await isReady(daemon)).toBe(true);

    const told = await fill(deps, { ledger, project, daemon });

    await configure(server, 'maxmemory', '512mb');
    await until(() => isReady(daemon));
    const later = await askAgain(deps, told, ledger);
    await allEnded(deps);
    const runs = [...acknowledged(told), ...later];
    expect(new Set(runs).size).toBe(told.length);
    expect(await complaints(deps, dir, runs)).toEqual([]);
    expect(daemon.child.exitCode, 'the daemon is the one that began').toBeNull();
    // The checker sees what it is there for.
    expect(await complaints(deps, dir, [...runs, 'run_gone'])).toContain('lost: run_gone was acknowledged and is gone');
  }, 180_000);

  it('is seen to lose runs when it makes room by itself', async () => {
    const server = await startServer({ 'maxmemory-policy': 'allkeys-lru', maxmemory: '2500kb', appendfsync: 'no' });
    const { dir, deps, ledger } = await openSite(server);
    const runs: string[] = [];
    for (let index = 0; index < 400; index += 1) runs.push((await ask(deps, `key-${index}`, ledger)).run ?? '');
    expect(await complaints(deps, dir, runs.filter((run) => run !== ''))).toContainEqual(expect.stringMatching(/^(lost|damaged): /));
  }, 60_000);
});
