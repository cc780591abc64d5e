import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import type { AuditEntry, Page, RunView } from '@kb-labs/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { runCli } from './run-cli.js';

let project: string;
let env: Record<string, string>;
beforeEach(() => {
  vi.stubGlobal('KB_BUILD', 'test');
  project = mkdtempSync(join(tmpdir(), 'kb-secret-'));
  mkdirSync(join(project, '.kb/workflows'), { recursive: true });
  writeFileSync(join(project, '.kb/workflows/it.yml'), 'id: it\nsecrets: [TOKEN]\npermissions: { shell: true }\njobs: { a: { steps: [{ shell: sh, run: \'echo "it is $TOKEN, ${#TOKEN} long"\' }] } }\n');
  env = { NO_COLOR: '1', HOME: project, PATH: process.env['PATH'] ?? '' };
});
afterEach(() => {
  vi.unstubAllGlobals();
  rmSync(project, { recursive: true, force: true });
});

interface Typed {
  readonly stdin: string;
  readonly isTerminal?: boolean;
}

async function kb(argv: readonly string[], { stdin, isTerminal = false }: Typed = { stdin: '' }) {
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), isTerminal ? { isTTY: true, setRawMode: (on: boolean) => raw.push(on) } : {});
  const streams = { stdin: input, stdout: Object.assign(new PassThrough(), isTerminal ? { isTTY: true } : {}), stderr: new PassThrough() };
  input.end(stdin);
  const code = await runCli(argv, { ...streams, env, cwd: project });
  const textOf = (stream: PassThrough): string => String(stream.read() ?? '');
  return { code, stdout: textOf(streams.stdout), stderr: textOf(streams.stderr), raw };
}

describe('secrets', () => {
  it('are kept from standard input, given to a script, listed and removed, and never shown', async () => {
    const kept = await kb(['secret:set', 'TOKEN'], { stdin: 'correct horse\n' });
    expect(kept).toMatchObject({ code: 0, stdout: '✓ kept  TOKEN\n', stderr: expect.stringContaining('made the key') as string });
    const ran = await kb(['workflow:run', '--workflow-id=it', '--json']);
    expect(ran.code).toBe(0);
    const run = JSON.parse(ran.stdout.trim().split('\n').at(-1) ?? '') as RunView;
    expect(run.jobs[0]?.steps[0]?.outputs['stdout']).toBe('it is ***, 13 long');
    const shown = [kept, ran, await kb(['secret:list']), await kb(['secret:list', '--json']), await kb(['workflow:logs', `--run-id=${run.id}`]), await kb(['doctor']), await kb(['audit:list', '--json']), await kb(['secret:remove', 'TOKEN'])];
    expect(shown.map(({ code }) => code)).toEqual(shown.map(() => 0));
    expect(shown[2]?.stdout).toMatch(/TOKEN +\.kb\/secrets\.enc +\S/);
    expect(JSON.parse(shown[3]?.stdout ?? '')).toEqual({ items: [{ name: 'TOKEN', from: 'file', setAt: expect.any(String) as string }] });
    expect(JSON.stringify(shown)).not.toContain('correct horse');
    expect(await kb(['secret:list'])).toMatchObject({ stdout: '', stderr: expect.stringContaining('no secrets') as string });
    const { items } = JSON.parse((await kb(['audit:list', '--json'])).stdout) as Page<AuditEntry>;
    expect(items.map(({ action, outcome, target }) => [action, outcome, target])).toEqual([['secret.remove', 'asked', 'TOKEN'], ['secret.use', 'done', 'TOKEN'], ['secret.set', 'asked', 'TOKEN']]);
  });

  it('are typed without being shown', async () => {
    const kept = await kb(['secret:set', 'TOKEN'], { stdin: 'correcT\u007ft horse\r', isTerminal: true });
    expect(kept).toMatchObject({ code: 0, raw: [true, false] });
    expect(kept.stdout + kept.stderr).not.toMatch(/correc|horse/);
    expect((await kb(['workflow:run', '--workflow-id=it', '--json'])).stdout).toContain('it is ***, 13 long');
    expect(await kb(['secret:set', 'TOKEN'], { stdin: 'corr\u0003', isTerminal: true })).toMatchObject({ code: 130, raw: [true, false] });
  });

  it('of the environment go before those that are kept, and that is said', async () => {
    env['KB_SECRET_TOKEN'] = 'battery staple';
    expect((await kb(['secret:set', 'TOKEN'], { stdin: 'correct horse' })).stderr).toContain('KB_SECRET_TOKEN of the environment goes before it');
    expect((await kb(['workflow:run', '--workflow-id=it', '--json'])).stdout).toContain('it is ***, 14 long');
    expect((await kb(['secret:list'])).stdout).toMatch(/TOKEN +environment/);
  });

  it('that are missing are told before a run, and fail its step', async () => {
    expect(await kb(['workflow:validate'])).toMatchObject({ code: 0, stdout: expect.stringContaining('the secret TOKEN is not there: neither in KB_SECRET_TOKEN of the environment nor in .kb/secrets.enc') as string });
    expect((await kb(['doctor'])).stdout).toMatch(/warn +secrets +the secret TOKEN is not there/);
    const ran = await kb(['workflow:run', '--workflow-id=it', '--json']);
    expect([ran.code, ran.stdout.includes('SECRET_MISSING')]).toEqual([1, true]);
  });

  it('that another key was made for are told apart from missing ones: to set them again would be refused', async () => {
    await kb(['secret:set', 'TOKEN'], { stdin: 'correct horse' });
    env['KB_SECRETS_KEY'] = '0'.repeat(64);
    const { stdout } = await kb(['doctor']);
    expect(stdout).toMatch(/warn +secrets +the kept secrets cannot be read: .*\n +→ put the key or the file back as it was\n/);
    expect(stdout).not.toContain('kb secret:set');
    expect(await kb(['secret:set', 'TOKEN'], { stdin: 'correct horse' })).toMatchObject({ code: 3 });
  });

  it.each([
    [['secret:set'], 'some value', 2],
    [['secret:set', 'TOKEN', 'some value'], 'some value', 2],
    [['secret:set', 'a-b'], 'some value', 2],
    [['secret:set', 'TOKEN'], 'abc\n', 2],
    [['secret:set', 'TOKEN'], '', 2],
    [['secret:remove', 'TOKEN'], '', 5],
  ])('are refused as %j of %j with %i', async (argv, stdin, code) => {
    expect((await kb(argv, { stdin })).code).toBe(code);
  });

  it('are not opened with another key', async () => {
    await kb(['secret:set', 'TOKEN'], { stdin: 'correct horse' });
    env['KB_SECRETS_KEY'] = 'cd'.repeat(32);
    const before = readFileSync(join(project, '.kb/secrets.enc'), 'utf8');
    expect(await kb(['secret:set', 'TOKEN'], { stdin: 'new value' })).toMatchObject({ code: 3, stderr: expect.stringContaining('SECRETS_UNREADABLE') as string });
    expect(readFileSync(join(project, '.kb/secrets.enc'), 'utf8')).toBe(before);
    expect((await kb(['workflow:run', '--workflow-id=it', '--json'])).stdout).toContain('SECRETS_UNREADABLE');
  });
});
