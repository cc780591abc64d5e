import { createServer } from 'node:http';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Harness, openHarness } from './harness.fixture.js';
import { serveStudio } from './serve-studio.js';

const PAGE = '<!doctype html><head><base href="/studio/" /><meta name="csp-nonce" content="" /></head>';
let folder: string;
let harness: Harness;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kb-studio-'));
  await mkdir(join(folder, 'assets'));
  await mkdir(join(folder, '.vite'));
  await writeFile(join(folder, 'index.html'), PAGE);
  await writeFile(join(folder, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(folder, 'assets/index-a1.js'), 'export {};');
  await writeFile(join(folder, '.vite/manifest.json'), '{}');
  harness = await openHarness({ works: false, gateway: { studio: { folder } } });
});
afterAll(async () => {
  await harness.close();
  await rm(folder, { recursive: true, force: true });
});

describe('Studio behind a gateway', () => {
  it.each(['/studio/', '/studio/runs', '/studio/runs/run_1?tab=log', '/studio/index.html', '/studio/.vite/manifest.json'])('is one page for %s', async (path) => {
    const { status, headers, text } = await harness.ask(undefined, 'GET', path);
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, 'text/html; charset=utf-8', 'no-store']);
    expect(text).toContain('<base href="/studio/" />');
  });

  it('allows the scripts of its place alone, and the styles that carry what was made for this very answer', async () => {
    const asked = await Promise.all([harness.ask(undefined, 'GET', '/studio/'), harness.ask(undefined, 'GET', '/studio/')]);
    const nonces = asked.map(({ text, headers }) => {
      const nonce = /<meta name="csp-nonce" content="([A-Za-z0-9+/=]{24})" \/>/.exec(text)?.[1] ?? '';
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
      expect(policy).toContain("script-src 'self';");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      return nonce;
    });
    expect(new Set(nonces).size).toBe(2);
  });

  it('has files that are kept for a year when their name changes with them, and looked at again otherwise', async () => {
    const [asset, icon] = await Promise.all([harness.ask(undefined, 'GET', '/studio/assets/index-a1.js'), harness.ask(undefined, 'GET', '/studio/icon.svg')]);
    expect([asset.status, asset.headers['cache-control'], asset.headers['content-type']]).toEqual([200, 'public, max-age=31536000, immutable', 'text/javascript; charset=utf-8']);
    expect([icon.status, icon.headers['cache-control']]).toEqual([200, 'no-cache']);
    expect((await harness.ask(undefined, 'GET', '/studio/icon.svg', { headers: { 'if-none-match': String(icon.headers['etag']) } })).status).toBe(304);
  });

  it.each(['/studio/assets/gone.js', '/studio/assets/..%2f..%2fpackage.json', '/studio/%2e%2e/%2e%2e/etc/passwd'])('gives nothing else away: %s', async (path) => {
    const { status, text } = await harness.ask(undefined, 'GET', path);
    expect([200, 403, 404]).toContain(status);
    expect(text).not.toMatch(/root:|"name"/);
    if (path.includes('gone')) expect([status, JSON.parse(text)]).toMatchObject([404, { code: 'ROUTE_UNKNOWN' }]);
  });

  it('is answered for names of this machine alone, like everything', async () => {
    expect((await harness.ask(undefined, 'GET', '/studio/', { headers: { host: 'evil.example' } })).status).toBe(421);
  });

  it('is told where it is by a service that has it at a path of its own', async () => {
    const service = express();
    service.use('/kb', harness.gateway.handler);
    const server = createServer(service);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const page = await (await fetch(`${url}/kb/studio/runs`)).text();
    const redirected = await fetch(`${url}/kb/studio`, { redirect: 'manual' });
    server.close();
    expect(page).toContain('<base href="/kb/studio/" />');
    expect([redirected.status, redirected.headers.get('location')]).toEqual([308, '/kb/studio/']);
  });

  it('is the page of now, after an update under a daemon that goes on', async () => {
    await writeFile(join(folder, 'index.html'), `${PAGE}<p>of now</p>`);
    expect((await harness.ask(undefined, 'GET', '/studio/')).text).toContain('<p>of now</p>');
    await writeFile(join(folder, 'index.html'), PAGE);
  });

  it('is refused when its page has no place for what belongs into it', async () => {
    const other = await mkdtemp(join(tmpdir(), 'kb-studio-'));
    await writeFile(join(other, 'index.html'), '<!doctype html>');
    expect(() => serveStudio({ folder: other })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
    await rm(other, { recursive: true });
  });

  it('is not there where it was not asked for', async () => {
    const bare = await openHarness({ works: false });
    const { status } = await bare.ask(undefined, 'GET', '/studio/');
    await bare.close();
    expect(status).toBe(404);
  });
});
