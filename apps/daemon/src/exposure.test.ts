import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createKey, listAudit, revokeKey } from '@kb-labs/engine';
import { memoryLogger } from '@kb-labs/testkit';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { composeEngine } from './compose.js';
import { loadConfig } from './load-config.js';
import { startDaemon } from './start-daemon.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kb-exposed-'));
  mkdirSync(join(root, '.kb/workflows'), { recursive: true });
  onTestFinished(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
});

const settings = (text: string): void => writeFileSync(join(root, '.kb/kb.config.yaml'), text);
const config = () => loadConfig({ projectRoot: root, env: {} });
const loopbackKey = (): string => readFileSync(join(root, '.kb/state/loopback.key'), 'utf8').trim();

async function start(host?: string) {
  const logger = memoryLogger();
  const daemon = await startDaemon(await config(), { env: {}, logger, version: '1', port: 0, roles: ['gateway'], ...(host === undefined ? {} : { host }) });
  onTestFinished(() => daemon.stop());
  return { daemon, logger, port: Number(new URL(daemon.url ?? '').port) };
}

/** The engine of the project, as a command has it. */
async function engine() {
  const composed = await composeEngine(await config(), { env: {}, logger: memoryLogger() });
  onTestFinished(() => composed.close());
  return composed.deps;
}

function ask(port: number, { path = '/api/v1/workflows/runs', key, host }: { path?: string; key?: string; host?: string } = {}): Promise<{ status: number | undefined; headers: Readonly<Record<string, unknown>> }> {
  return new Promise((resolve, reject) => {
    const headers = { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...(host === undefined ? {} : { host }) };
    const sent = request({ host: '127.0.0.1', port, path, headers }, (response) => {
      response.resume().on('end', () => resolve({ status: response.statusCode, headers: response.headers }));
    });
    sent.on('error', reject).end();
  });
}

describe('a daemon', () => {
  it('makes a key for its machine, and takes nothing else', async () => {
    const { port } = await start();
    expect(statSync(join(root, '.kb/state/loopback.key')).mode & 0o777).toBe(0o600);
    expect((await ask(port)).status).toBe(401);
    expect(await ask(port, { key: loopbackKey() })).toMatchObject({ status: 200, headers: { 'ratelimit-limit': '12000' } });
    const old = loopbackKey();
    unlinkSync(join(root, '.kb/state/loopback.key'));
    expect((await ask(port, { key: old })).status).toBe(401);
    expect((await ask(port, { key: loopbackKey() })).status).toBe(200);
  });

  it('takes keys that commands make while it runs, and records who was refused', async () => {
    const { port } = await start();
    const deps = await engine();
    const made = await createKey(deps, { name: 'ci', role: 'viewer', tenant: 'acme', by: 'ada' });
    expect((await ask(port, { key: made.key })).status).toBe(200);
    await revokeKey(deps, { id: made.id });
    expect((await ask(port, { key: made.key.replace(/.{5}$/, 'AAAAA') })).status).toBe(401);
    expect((await listAudit(deps, {})).items).toMatchObject([{ action: 'authenticate', outcome: 'refused' }]);
  });

  it('does not start where others can reach it without a key for an administrator and a name to answer to', async () => {
    await expect(start('0.0.0.0')).rejects.toMatchObject({ code: 'EXPOSURE_UNSAFE', message: expect.stringContaining('role admin') as string });
    const deps = await engine();
    await createKey(deps, { name: 'ci', role: 'runner', tenant: 'acme', by: 'ada' });
    await expect(start('0.0.0.0')).rejects.toMatchObject({ code: 'EXPOSURE_UNSAFE' });
    await createKey(deps, { name: 'root', role: 'admin', tenant: 'acme', by: 'ada' });
    await expect(start('0.0.0.0')).rejects.toMatchObject({ code: 'EXPOSURE_UNSAFE', message: expect.stringContaining('no name') as string });
    settings('gateway: { allowed-hosts: [kb.example.com] }\n');
    const { logger, port } = await start('0.0.0.0');
    expect(logger.entries.filter(({ level, message }) => level === 'warn' && message.includes('TLS'))).toHaveLength(1);
    expect((await ask(port, { path: '/healthz', host: 'kb.example.com' })).status).toBe(200);
    expect((await ask(port, { path: '/healthz', host: 'evil.example' })).status).toBe(421);
  });

  it('keeps tenants to the rate of their tier', async () => {
    settings('tiers: { small: { requests-per-minute: 5 } }\ntenants: { acme: small }\n');
    const { port } = await start();
    const deps = await engine();
    const { key } = await createKey(deps, { name: 'ci', role: 'viewer', tenant: 'acme', by: 'ada' });
    const statuses: (number | undefined)[] = [];
    for (let n = 0; n < 7; n += 1) statuses.push((await ask(port, { key })).status);
    expect(statuses.slice(0, 5)).toEqual([200, 200, 200, 200, 200]);
    expect(statuses[6]).toBe(429);
    const refused = await ask(port, { key });
    expect(refused.headers['retry-after']).toMatch(/^\d+$/);
    expect((await ask(port, { key: loopbackKey() })).status).toBe(200);
  });
});
