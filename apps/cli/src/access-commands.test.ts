import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { type ApiKeyView, type AuditEntry, type NewApiKeyView, type Page, parseApiKey } from '@kb-labs/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { runCli } from './run-cli.js';

let project: string;
beforeEach(() => {
  vi.stubGlobal('KB_BUILD', 'test');
  project = mkdtempSync(join(tmpdir(), 'kb-access-'));
  mkdirSync(join(project, '.kb'));
});
afterEach(() => {
  vi.unstubAllGlobals();
  rmSync(project, { recursive: true, force: true });
});

async function kb(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const code = await runCli(argv, { ...streams, env: { NO_COLOR: '1' }, cwd: project });
  const textOf = (stream: PassThrough): string => String(stream.read() ?? '');
  return { code, stdout: textOf(streams.stdout), stderr: textOf(streams.stderr) };
}

async function json<Answer>(...argv: string[]): Promise<Answer> {
  const { stdout } = await kb(...argv, '--json');
  return JSON.parse(stdout) as Answer;
}

describe('keys', () => {
  it('are made, shown once, listed and taken back, and all of it is recorded', async () => {
    const made = await kb('auth:create-key', '--role=runner', '--name=ci', '--expires=90d');
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^kb_[a-z0-9]{19}_[\w-]{43}\n$/) as string, stderr: expect.stringContaining('shown once: runner of the tenant default, until ') as string });
    const { id = '', secret = '' } = parseApiKey(made.stdout.trim()) ?? {};
    const listed = await kb('auth', 'list-keys');
    expect(listed.stdout).toMatch(new RegExp(`${id} +ci +runner +active +\\S.* never +20`));
    expect(await kb('auth:revoke-key', id)).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ revoked') as string });
    expect(await json<Page<ApiKeyView>>('auth:list-keys')).toMatchObject({ items: [{ id, status: 'revoked' }] });
    const { items } = await json<Page<AuditEntry>>('audit:list');
    expect(items.map(({ action, outcome, target }) => [action, outcome, target])).toEqual([['revokeKey', 'done', id], ['createKey', 'asked', 'ci']]);
    const state = join(project, '.kb/state');
    const bytes = Buffer.concat(readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name))));
    expect([bytes.includes(id), bytes.includes(secret), listed.stdout.includes(secret)]).toEqual([true, false, false]);
  });

  it('are of a tenant', async () => {
    const made = await json<NewApiKeyView>('auth:create-key', '--role=admin', '--tenant=acme');
    expect(made).toMatchObject({ role: 'admin', tenant: 'acme', expiresAt: null });
    expect((await json<Page<ApiKeyView>>('auth:list-keys', '--tenant=acme')).items).toHaveLength(1);
    expect(await kb('auth:list-keys')).toMatchObject({ code: 0, stdout: '', stderr: 'no keys\n' });
  });

  it.each([
    [['auth:create-key'], 2],
    [['auth:create-key', '--role=root'], 2],
    [['auth:create-key', '--role=admin', '--expires=soon'], 2],
    [['auth:create-key', '--role=admin', '--expires=0d'], 2],
    [['auth:create-key', '--role=admin', '--tenant=A/B'], 2],
    [['auth:revoke-key'], 2],
    [['auth:revoke-key', 'nobody00'], 5],
    [['audit:verify', '--expect=7'], 2],
  ])('are refused as %j with %i', async (argv, code) => {
    expect((await kb(...argv)).code).toBe(code);
  });
});

describe('the audit log', () => {
  it('is checked, also against a row that was noted', async () => {
    expect(await kb('audit:verify')).toMatchObject({ code: 0, stdout: '✓ intact  0 rows\n' });
    await kb('auth:create-key', '--role=admin');
    const checked = await kb('audit:verify');
    const noted = /--expect: (\S+)/.exec(checked.stderr)?.[1] ?? '';
    expect(checked).toMatchObject({ code: 0, stdout: '✓ intact  1 rows\n' });
    await kb('auth:create-key', '--role=viewer');
    expect((await kb('audit:verify', `--expect=${noted}`)).code).toBe(0);
    const wrong = await kb('audit:verify', `--expect=1:${'0'.repeat(64)}`);
    expect([wrong.code, wrong.stdout]).toEqual([1, '✗ broken  row 1: the row is not the expected one\n']);
    expect((await kb('audit:verify', `--expect=9:${'0'.repeat(64)}`)).code).toBe(1);
    expect(await json('audit:verify', `--expect=${noted}`)).toMatchObject({ intact: true, rows: 2, head: { seq: 2 } });
  });

  it('is listed, with what was refused', async () => {
    await kb('auth:create-key', '--role=admin', '--tenant=acme', '--name=x'.padEnd(200, 'x'));
    const { stdout } = await kb('audit:list', '--tenant=acme');
    expect(stdout).toMatch(/ROW +AT +WHO +TENANT +WHAT +ON +OUTCOME\n2 .*refused\n1 .*asked\n/);
    expect((await kb('audit:list', '--tenant=other')).stderr).toBe('nothing was recorded\n');
  });
});
