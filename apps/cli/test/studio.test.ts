import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { kb, makeProject, type Running, startKb, startKbInTerminal } from './drive-kb.js';

const ADDRESS = /^Studio: (http:\/\/127\.0\.0\.1:\d+\/studio\/enter\?code=[A-Za-z0-9_-]{43})$/m;

type Project = ReturnType<typeof makeProject>;

function addressIn(text: string): string {
  return ADDRESS.exec(text.replaceAll('\r', ''))?.[1] ?? '';
}

/** What a browser gets there. */
async function enter(address: string): Promise<{ status: number; location: string | null; cookie: string | null }> {
  const { status, headers } = await fetch(address, { redirect: 'manual' });
  const location = headers.get('location');
  return { status, location: location === null ? null : new URL(location, address).pathname, cookie: headers.get('set-cookie') };
}

async function stop({ child, ended }: Running): Promise<number> {
  child.kill('SIGINT');
  return (await ended).code;
}

/** A browser that keeps the words it was started with. */
function recorder(root: string): { browser: string; words: () => string[] } {
  const browser = join(root, 'browser');
  const file = join(root, 'words');
  writeFileSync(browser, `#!/bin/sh\nprintf '%s\\n' "$@" > ${file}.new && mv ${file}.new ${file}\n`);
  chmodSync(browser, 0o700);
  return { browser, words: () => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []) };
}

describe('kb studio beside a daemon', () => {
  let project: Project;
  let daemon: Running;
  let url: string;
  beforeAll(async () => {
    project = makeProject({});
    daemon = startKb(project.root, ['daemon:start', '--port=0']);
    url = /"url":"(http:[^"]+)"/.exec(await daemon.until('the daemon works'))?.[1] ?? '';
  });
  afterAll(async () => {
    await stop(daemon);
    project.remove();
  });

  it('prints an address that opens it once, without a key', async () => {
    const { code, stdout, stderr } = await kb(project.root, ['studio', '--no-open']);
    const address = addressIn(stdout);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `Studio: ${address}\n` });
    expect(address.startsWith(`${url}/studio/enter?code=`)).toBe(true);
    expect(stderr).toContain('works once, within a minute');
    expect(await enter(address)).toEqual({ status: 303, location: '/studio/', cookie: expect.stringMatching(/HttpOnly/) as string });
    expect(await enter(address)).toMatchObject({ status: 401, cookie: null });
  });

  it('shows it in the browser of a terminal, as one word that no shell reads', async () => {
    const { browser, words } = recorder(project.root);
    const { code, stdout } = await startKbInTerminal(project.root, ['studio'], { BROWSER: `${browser} --new-window` }).ended;
    expect(code).toBe(0);
    expect(words()).toEqual(['--new-window', addressIn(stdout)]);
    expect(await enter(words()[1] ?? '')).toMatchObject({ status: 303 });
  });

  it.each([
    ['--no-open', ['studio', '--no-open'], {}],
    ['--json', ['studio', '--json'], {}],
    ['CI', ['studio'], { CI: 'true' }],
    ['KB_NO_PROMPT', ['studio'], { KB_NO_PROMPT: '1' }],
  ])('shows nothing with %s', async (name, args, env: Record<string, string>) => {
    const folder = join(project.root, name);
    mkdirSync(folder);
    const { browser, words } = recorder(folder);
    expect((await startKbInTerminal(project.root, args, { ...env, BROWSER: browser }).ended).code).toBe(0);
    expect(words()).toEqual([]);
  });

  it('shows nothing where nobody sits at a terminal', async () => {
    const folder = join(project.root, 'pipe');
    mkdirSync(folder);
    const { browser, words } = recorder(folder);
    expect((await kb(project.root, ['studio'], { env: { BROWSER: browser } })).code).toBe(0);
    expect(words()).toEqual([]);
  });

  it('does without a browser that cannot be started', async () => {
    const { code, stdout } = await startKbInTerminal(project.root, ['studio'], { BROWSER: join(project.root, 'none') }).ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('no browser could be started') as string });
    expect(await enter(addressIn(stdout))).toMatchObject({ status: 303 });
  });

  it('prints what the route answers with --json, and nothing else', async () => {
    const { code, stdout, stderr } = await kb(project.root, ['studio', '--json']);
    const link = JSON.parse(stdout) as { path: string; expiresAt: string };
    expect({ code, stderr, keys: Object.keys(link).sort() }).toEqual({ code: 0, stderr: '', keys: ['expiresAt', 'path'] });
    expect(await enter(url + link.path)).toMatchObject({ status: 303 });
  });

  it('is asked for at a gateway by KB_URL with the key in KB_API_KEY', async () => {
    const { key } = JSON.parse((await kb(project.root, ['auth:create-key', '--role=viewer', '--json'])).stdout) as { key: string };
    const asked = await kb('/', ['studio'], { env: { KB_URL: `${url}/`, KB_API_KEY: key } });
    expect(asked.code).toBe(0);
    expect(await enter(addressIn(asked.stdout))).toMatchObject({ status: 303 });
    expect(await kb('/', ['studio'], { env: { KB_URL: url, KB_API_KEY: `${key}x` } })).toMatchObject({ code: 4, stdout: '' });
  });

  it('refuses options of a daemon that it does not start', async () => {
    expect(await kb(project.root, ['studio', '--port=0'])).toMatchObject({ code: 2, stderr: expect.stringContaining('a daemon runs for the project') as string });
    expect(await kb('/', ['studio', '--host=::1'], { env: { KB_URL: url } })).toMatchObject({ code: 2, stderr: expect.stringContaining('KB_URL') as string });
  });
});

describe('kb studio without a daemon', () => {
  let project: Project;
  beforeEach(() => {
    project = makeProject({});
  });
  afterEach(() => {
    project.remove();
  });

  it('starts one here, which ends with Ctrl-C', async () => {
    const running = startKb(project.root, ['studio', '--port=0']);
    const address = addressIn(await running.until(ADDRESS));
    expect(await enter(address)).toMatchObject({ status: 303 });
    expect((await kb(project.root, ['daemon:status'])).code).toBe(0);
    expect(await stop(running)).toBe(0);
    expect(await running.ended).toMatchObject({ stdout: `Studio: ${address}\n`, stderr: expect.stringMatching(/until Ctrl-C/) as string });
    expect((await kb(project.root, ['daemon:status'])).code).toBe(3);
  });

  it('ends with 3 where one runs out of its reach', async () => {
    const record = { pid: 7, url: 'http://127.0.0.1:4000', roles: ['gateway'], startedAt: '2026-11-21T00:00:00.000Z', version: '1', process: { host: 'elsewhere', boot: 'b', space: 's', pid: 7, started: '1' } };
    mkdirSync(join(project.root, '.kb/state'));
    writeFileSync(join(project.root, '.kb/state/daemon.json'), JSON.stringify(record));
    expect(await kb(project.root, ['studio'])).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(/started on elsewhere[^]*KB_URL and KB_API_KEY/) as string });
  });

  it('ends with 3 beside one that has no gateway', async () => {
    const worker = startKb(project.root, ['daemon:start', '--roles=worker']);
    await worker.until('the daemon works');
    expect(await kb(project.root, ['studio'])).toMatchObject({ code: 3, stderr: expect.stringContaining('role gateway') as string });
    expect(await stop(worker)).toBe(0);
  });

  it('refuses a port that is none', async () => {
    expect(await kb(project.root, ['studio', '--port=70000'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--port goes from 0 to 65535') as string });
  });

  it('stops what it has started where the key of this machine does not count', async (test) => {
    const host = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []).find(({ internal, family }) => !internal && family === 'IPv4')?.address;
    if (host === undefined) return test.skip('this machine has no address but its own');
    writeFileSync(join(project.root, '.kb/kb.config.yaml'), `gateway: { allowed-hosts: ["${host}"] }\n`);
    await kb(project.root, ['auth:create-key', '--role=admin']);
    const { code, stdout, stderr } = await kb(project.root, ['studio', `--host=${host}`, '--port=0']);
    expect({ code, stdout, stderr }).toEqual({ code: 4, stdout: '', stderr: expect.stringMatching(/UNAUTHENTICATED[^]*KB_API_KEY/) as string });
    expect((await kb(project.root, ['daemon:status'])).code).toBe(3);
  });
});

describe('a state folder that cannot be made', () => {
  it.skipIf(process.platform !== 'linux').each([[['daemon:start', '--port=0']], [['studio', '--port=0']], [['workflow:list-runs']]])('is told by kb %j', async (args) => {
    const project = makeProject({});
    try {
      const { code, stderr } = await kb(project.root, args, { env: { KB_STATE_URL: 'file:/proc/kb/state' } });
      expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringMatching(/STATE_UNAVAILABLE.*no folder can be made in \/proc\n/) as string });
    } finally {
      project.remove();
    }
  });
});
