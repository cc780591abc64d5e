import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import type { RunView } from '@kb-labs/contracts';
import { spawnSource } from '@kb-labs/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Project, repository } from './project.fixture.js';

const EXAMPLE = 'examples/embed-express';

describe('an Express service with the engine in it', () => {
  const project = new Project();
  let service: ChildProcess;
  let url = '';
  let key = '';

  beforeAll(async () => {
    project.copy(EXAMPLE, '.');
    // What the service would have installed.
    mkdirSync(join(project.dir, 'node_modules/@kb-labs'), { recursive: true });
    symlinkSync(join(repository, 'apps/daemon'), join(project.dir, 'node_modules/@kb-labs/daemon'));
    symlinkSync(join(repository, 'packages/engine'), join(project.dir, 'node_modules/@kb-labs/engine'));
    symlinkSync(realpathSync(join(repository, 'packages/gateway/node_modules/express')), join(project.dir, 'node_modules/express'));
    service = spawnSource(join(project.dir, 'index.mjs'), [], { cwd: project.dir, env: { ...project.env, PORT: '0' } });
    url = await listens(service);
    key = readFileSync(join(project.dir, '.kb/state/loopback.key'), 'utf8').trim();
  });
  afterAll(() => {
    service.kill('SIGKILL');
    project.remove();
  });

  const gateway = (path: string, { headers, ...init }: { method?: string; body?: string; headers?: Record<string, string> } = {}) =>
    fetch(`${url}/kb/api/v1/workflows/runs${path}`, { ...init, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', ...headers } });

  async function ended(id: string): Promise<RunView> {
    expect(await (await gateway(`/${id}/events`, { headers: { Accept: 'text/event-stream' } })).text()).toContain('event: end');
    return (await (await gateway(`/${id}`)).json()) as RunView;
  }

  it('is in fewer than 40 lines', () => {
    expect(readFileSync(join(repository, EXAMPLE, 'index.mjs'), 'utf8').split('\n').length).toBeLessThan(40);
  });

  it('runs what is posted to the gateway', async () => {
    const accepted = await gateway('', { method: 'POST', body: JSON.stringify({ workflowId: 'ship-order', input: { number: 7 } }) });
    expect(accepted.status).toBe(201);
    const { id } = (await accepted.json()) as RunView;
    expect(await ended(id)).toMatchObject({ status: 'success', outputs: { label: 'parcel 7' } });
  });

  it('runs what its own routes start, once for each key', async () => {
    const order = () => fetch(`${url}/orders`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"number":8}' });
    const [one, two] = [await order(), await order()];
    expect([one.status, two.status]).toEqual([202, 202]);
    const { run } = (await one.json()) as { run: string };
    expect(await two.json()).toEqual({ run });
    expect(await ended(run)).toMatchObject({ status: 'success', outputs: { label: 'parcel 8' }, trigger: { actor: 'shop' } });
  });

  it('says in its own answers what the engine refuses', async () => {
    const refused = await fetch(`${url}/orders`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"number":"eight"}' });
    expect([refused.status, await refused.json()]).toEqual([422, { code: 'INPUT_INVALID', message: expect.stringContaining('"number" must be a number') as unknown }]);
  });

  it('keeps its own routes, and the gateway its rules', async () => {
    expect(await (await fetch(url)).text()).toBe('the shop is open');
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
    expect((await fetch(`${url}/kb/readyz`)).status).toBe(200);
    expect((await fetch(`${url}/kb/api/v1/workflows/runs`)).status).toBe(401);
    const unknown = await fetch(`${url}/kb/nothing`);
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { code: 'ROUTE_UNKNOWN' }]);
  });

  it('leaves nothing behind, with a stream open', async () => {
    const state = join(project.dir, '.kb/state');
    expect(existsSync(join(state, 'daemon.json'))).toBe(true);
    const accepted = await gateway('', { method: 'POST', body: JSON.stringify({ workflowId: 'ship-order', input: { number: 9 } }) });
    const { id } = (await accepted.json()) as RunView;
    const stream = await gateway(`/${id}/logs`, { headers: { Accept: 'text/event-stream' } });
    const gone = once(service, 'exit');
    service.kill('SIGTERM');
    expect(await gone).toEqual([0, null]);
    await stream.text();
    expect(existsSync(join(state, 'daemon.json'))).toBe(false);
    await expect(fetch(url)).rejects.toThrow();
  });
});

function listens(service: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    service.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      const found = /listens on (\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    service.once('close', () => {
      reject(new Error(`the service has ended:\n${said}`));
    });
  });
}
