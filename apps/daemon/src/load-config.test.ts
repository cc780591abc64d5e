import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AppError } from '@kb-labs/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { loadConfig } from './load-config.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kb-config-'));
  mkdirSync(join(root, '.kb'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(text: string, file = 'kb.config.yaml'): void {
  writeFileSync(join(root, '.kb', file), text);
}

function load(env: Record<string, string> = {}) {
  return loadConfig({ projectRoot: root, env });
}

async function refusal(env: Record<string, string> = {}): Promise<AppError> {
  const error: unknown = await load(env).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw new Error('was not refused');
}

describe('loadConfig', () => {
  it('has defaults for everything', async () => {
    expect(await load()).toMatchObject({
      projectRoot: root,
      workflowFolders: [join(root, '.kb/workflows')],
      pluginFolders: [],
      vars: {},
      concurrency: 4,
      logLevel: 'warn',
      stateDir: join(root, '.kb/state'),
      limits: { matrixCombinations: 256 },
      url: 'http://127.0.0.1:4000',
      origins: { limits: 'default', url: 'default', concurrency: 'default', 'state-dir': 'default', 'log-level': 'default' },
    });
  });

  it('reads YAML', async () => {
    write('workflows: [ci]\nplugins: [tools/plugin]\nvars: { region: eu, sizes: [1, 2] }\nconcurrency: 8\nlog-level: debug\nstate-dir: var/kb\n');
    expect(await load()).toMatchObject({
      file: '.kb/kb.config.yaml',
      workflowFolders: [join(root, '.kb/workflows'), join(root, 'ci')],
      pluginFolders: [join(root, 'tools/plugin')],
      vars: { region: 'eu', sizes: [1, 2] },
      concurrency: 8,
      logLevel: 'debug',
      stateDir: join(root, 'var/kb'),
      origins: { workflows: 'file', vars: 'file' },
    });
  });

  it('reads JSON, and takes a file of comments for an empty one', async () => {
    write('{"concurrency": 2}', 'kb.config.json');
    expect((await load()).concurrency).toBe(2);
    rmSync(join(root, '.kb/kb.config.json'));
    write('# nothing yet\n\n');
    expect((await load()).concurrency).toBe(4);
  });

  it('lets the environment win and says so', async () => {
    write('state-dir: here\nlog-level: error\n');
    const config = await load({ KB_STATE_URL: 'file:there', KB_LOG_LEVEL: 'info' });
    expect(config).toMatchObject({ stateDir: join(root, 'there'), logLevel: 'info', origins: { 'state-dir': 'KB_STATE_URL', 'log-level': 'KB_LOG_LEVEL' } });
    expect((await load({ KB_STATE_URL: '' })).stateDir).toBe(join(root, 'here'));
    expect((await load({ KB_STATE_URL: 'file:///var/lib/kb' })).stateDir).toBe('/var/lib/kb');
  });

  it('places every mistake in the file', async () => {
    write('concurency: 2\nlog-level: loud\n');
    const error = await refusal();
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.details['diagnostics']).toMatchObject([
      { code: 'UNKNOWN_KEY', file: '.kb/kb.config.yaml', line: 1, column: 1, hint: 'did you mean "concurrency"?' },
      { line: 2, column: 12 },
    ]);
    write('# own\nworkflows: [ci, ../elsewhere]\n');
    expect((await refusal()).details['diagnostics']).toMatchObject([{ code: 'INVALID_VALUE', line: 2, column: 17 }]);
  });

  it('refuses two files', async () => {
    write('concurrency: 1');
    write('{}', 'kb.config.json');
    expect((await refusal()).message).toContain('.kb/kb.config.yaml and .kb/kb.config.json');
  });

  it('refuses a state it cannot use without showing a password', async () => {
    const error = await refusal({ KB_STATE_URL: 'postgres://user:hunter2@host:5432' });
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).not.toContain('hunter2');
    expect(error.hint).toContain('file:DIR');
    expect((await refusal({ KB_STATE_URL: 'redis://user:hunter2@' })).message).not.toContain('hunter2');
    expect((await refusal({ KB_STATE_URL: 'file:' })).code).toBe('CONFIG_INVALID');
    expect((await refusal({ KB_STATE_URL: 'file://host/x' })).code).toBe('CONFIG_INVALID');
  });

  it('keeps the state in Redis by the environment or the file, and in a folder when the environment names one', async () => {
    expect(await load({ KB_STATE_URL: 'redis://localhost:6379' })).toMatchObject({
      redis: { url: 'redis://localhost:6379', prefix: 'kb', allowVolatile: false },
      origins: { redis: 'KB_STATE_URL', 'state-dir': 'default' },
    });
    write('redis: { url: "rediss://redis.example.com", prefix: team, allow-volatile: true }\n');
    expect(await load()).toMatchObject({ redis: { url: 'rediss://redis.example.com', prefix: 'team', allowVolatile: true }, origins: { redis: 'file' } });
    expect(await load({ KB_STATE_URL: 'redis://localhost' })).toMatchObject({ redis: { url: 'redis://localhost', prefix: 'team' } });
    expect((await load({ KB_STATE_URL: 'file:elsewhere' })).redis).toBeUndefined();
    write('redis: { url: "http://redis.example.com" }\n');
    expect((await refusal()).details['diagnostics']).toMatchObject([{ code: 'INVALID_VALUE', line: 1 }]);
  });

  it('reads limits and the address of the installation', async () => {
    write('limits: { matrix: 1000, running-jobs: 8, running-jobs-per-tenant: 2 }\nurl: https://kb.example.com/flows/\n');
    expect(await load()).toMatchObject({
      limits: { matrixCombinations: 1_000, runningJobs: 8, runningJobsPerTenant: 2 },
      url: 'https://kb.example.com/flows',
      origins: { limits: 'file', url: 'file' },
    });
    expect(await load({ KB_URL: 'http://10.0.0.1:80' })).toMatchObject({ url: 'http://10.0.0.1:80', origins: { url: 'KB_URL' } });
  });

  it.each(['ftp://kb.example.com', 'kb.example.com', 'https://kb.example.com/?a=b', 'https://me:secret@kb.example.com'])('refuses the address %s', async (url) => {
    const error = await refusal({ KB_URL: url });
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('KB_URL') as string });
    expect(error.message).not.toContain('secret');
    write(`url: "${url}"\n`);
    expect((await refusal()).details['diagnostics']).toMatchObject([{ code: 'INVALID_VALUE', line: 1, column: 6 }]);
  });

  it('refuses limits that are out of bounds', async () => {
    write('limits:\n  matrix: 255\n  running-jobs: 0\n');
    expect((await refusal()).details['diagnostics']).toMatchObject([{ line: 2 }, { line: 3 }]);
  });

  it('names the nearest log level', async () => {
    expect((await refusal({ KB_LOG_LEVEL: 'debgu' })).hint).toBe('did you mean "debug"?');
  });

  it('cannot be changed afterwards', async () => {
    const config = await load();
    expect(() => Object.assign(config, { concurrency: 9 })).toThrow(TypeError);
  });
});
