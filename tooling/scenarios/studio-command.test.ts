import { type RedisServer, startRedisServer } from '@kb-labs/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { Project } from './project.fixture.js';

let server: RedisServer;
let here: Project;
let there: Project;

beforeEach(async () => {
  server = await startRedisServer({ 'maxmemory-policy': 'noeviction' });
  [here, there] = [new Project({}, { KB_STATE_URL: server.url }), new Project({}, { KB_STATE_URL: server.url })];
});

afterEach(async () => {
  here.remove();
  there.remove();
  await server.stop();
});

it('kb studio leaves a project to the machine that serves it, and serves it when none does', async () => {
  const daemon = await DaemonProcess.start(there, '--roles=gateway,worker');
  expect(await here.kb('studio', '--port=0')).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(/DAEMON_NOT_RUNNING[^]*KB_URL and KB_API_KEY/) as string });
  expect(await daemon.kill('SIGTERM')).toBe(0);
  const studio = here.start('studio', '--port=0');
  const ended = new Promise<number | null>((resolve) => studio.once('exit', resolve));
  const said = await new Promise<string>((resolve) => studio.stdout?.setEncoding('utf8').once('data', resolve));
  expect((await fetch(said.replace('Studio: ', '').trim(), { redirect: 'manual' })).status).toBe(303);
  studio.kill('SIGINT');
  expect(await ended).toBe(0);
});
