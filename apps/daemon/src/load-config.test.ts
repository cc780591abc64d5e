import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AppError } from '@kb-labs/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { defaultConcurrency } from './config.js';
import { tierOf } from './configured-tiers.js';
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
      concurrency: defaultConcurrency(),
      leaseMs: 30_000,
      logLevel: 'warn',
      stateDir: join(root, '.kb/state'),
      limits: { matrixCombinations: 256 },
      url: 'http://127.0.0.1:4000',
      origins: { limits: 'default', url: 'default', concurrency: 'default', lease: 'default', 'state-dir': 'default', 'log-level': 'default' },
    });
  });

  it('has four jobs at once for each processor, within the bound of the setting', () => {
    expect([1, 2, 64, 65, 512].map((processors) => defaultConcurrency(processors))).toEqual([4, 8, 256, 256, 256]);
  });

  it('reads where steps run', async () => {
    expect((await load()).execution).toEqual({ pool: {}, container: {} });
    write('execution:\n  target: { mode: container, image: "node:22", memory: 1GiB }\n  min-isolation: sandbox\n  pool: { processes: 4, processes-per-plugin: 2, calls: 100, age: 1h, idle: 30s, memory: 512MiB }\n  container: { program: podman, images: ["node:*"], pull: never, memory: 2GiB, cpus: 2, pids: 64 }\n');
    expect(await load()).toMatchObject({
      execution: {
        target: { mode: 'container', image: 'node:22', memoryBytes: 1024 ** 3 },
        minIsolation: 'sandbox',
        pool: { processes: 4, processesPerPlugin: 2, calls: 100, ageMs: 3_600_000, idleMs: 30_000, memoryBytes: 512 * 1024 ** 2 },
        container: { program: 'podman', images: ['node:*'], pull: 'never', memoryBytes: 2 * 1024 ** 3, cpus: 2, pids: 64 },
      },
      origins: { execution: 'file' },
    });
  });

  it.each([
    ['{ target: { mode: in-process, sandbox: true } }', '"sandbox" belongs to subprocesses'],
    ['{ target: { mode: worker-pool, memory: 1GiB } }', '"memory", "cpus" and "pids" belong to subprocesses and containers'],
    ['{ target: { mode: subprocess, image: "node:22" } }', '"image" belongs to containers'],
  ])('refuses the target %s, whose keys mean nothing together', async (execution, problem) => {
    write(`execution: ${execution}\n`);
    await expect(load()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(problem) as string });
  });

  it('takes a lease from two seconds to ten minutes', async () => {
    write('lease: 2s\n');
    expect((await load()).leaseMs).toBe(2_000);
    for (const lease of ['1s', '11m', '0', 'soon']) {
      write(`lease: ${lease}\n`);
      await expect(load()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    }
  });

  it('reads whose is what starts by itself, and who speaks for the repository', async () => {
    expect((await load()).triggers).toEqual({ tenant: 'default' });
    write('triggers: { tenant: acme, repository: { source: gitlab, secret: ONE } }\n');
    expect((await load()).triggers).toEqual({ tenant: 'acme', repository: { source: 'gitlab', secrets: ['ONE'] } });
    write('triggers: { repository: { source: github, secret: [NEW, OLD] } }\n');
    expect(await load()).toMatchObject({ triggers: { tenant: 'default', repository: { secrets: ['NEW', 'OLD'] } }, origins: { triggers: 'file' } });
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
    expect((await load()).concurrency).toBe(defaultConcurrency());
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
    expect((await refusal({ KB_STATE_URL: 'redis://user:50%off@localhost' })).message).not.toContain('50%off');
    expect(await load({ KB_STATE_URL: 'redis://user:50%25off@localhost' })).toMatchObject({ redis: { url: 'redis://user:50%25off@localhost' } });
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

  it('keeps artifacts with the runs unless it is told otherwise', async () => {
    expect(await load()).toMatchObject({ artifacts: { store: 'file', dir: join(root, '.kb/state/blobs') }, origins: { artifacts: 'default' } });
    expect((await load({ KB_STATE_URL: 'file:there' })).artifacts).toEqual({ store: 'file', dir: join(root, 'there/blobs') });
    expect((await load({ KB_STATE_URL: 'redis://localhost' })).artifacts).toEqual({ store: 'redis' });
    write('artifacts: { store: file, dir: ../shared }\n');
    expect(await load({ KB_STATE_URL: 'redis://localhost' })).toMatchObject({ artifacts: { store: 'file', dir: join(root, '../shared') }, origins: { artifacts: 'file' } });
    write('artifacts: { store: file }\n');
    expect((await load({ KB_STATE_URL: 'redis://localhost' })).artifacts).toEqual({ store: 'file', dir: join(root, '.kb/state/blobs') });
  });

  it('keeps artifacts in Redis only where the runs are', async () => {
    write('artifacts: { store: redis }\n');
    expect((await load({ KB_STATE_URL: 'redis://localhost' })).artifacts).toEqual({ store: 'redis' });
    expect(await refusal()).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('the runs are not') as string });
  });

  it('keeps artifacts in a bucket, with the credentials of the environment or those that the SDK finds', async () => {
    write('artifacts:\n  store: s3\n  bucket: kb-artifacts\n  endpoint: https://minio.example.com:9000\n  prefix: team-a/\n  path-style: true\n');
    const place = { store: 's3', bucket: 'kb-artifacts', region: 'us-east-1', endpoint: 'https://minio.example.com:9000', prefix: 'team-a/', forcePathStyle: true };
    expect((await load()).artifacts).toEqual(place);
    const credentials = { accessKeyId: 'ada', secretAccessKey: 'hunter2' };
    expect((await load({ KB_S3_ACCESS_KEY_ID: 'ada', KB_S3_SECRET_ACCESS_KEY: 'hunter2' })).artifacts).toEqual({ ...place, credentials });
    write('artifacts: { store: s3, bucket: kb-artifacts, region: eu-central-1 }\n');
    expect((await load({ KB_S3_ACCESS_KEY_ID: '' })).artifacts).toEqual({ store: 's3', bucket: 'kb-artifacts', region: 'eu-central-1', forcePathStyle: false });
    const half = await refusal({ KB_S3_SECRET_ACCESS_KEY: 'hunter2' });
    expect(half).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('KB_S3_ACCESS_KEY_ID') as string });
    expect(half.message).not.toContain('hunter2');
    write('artifacts: { store: file }\n');
    expect((await load({ KB_S3_SECRET_ACCESS_KEY: 'hunter2' })).artifacts.store, 'they are read for a bucket only').toBe('file');
  });

  it.each([
    ['bucket: Kb_Artifacts', 3, 11],
    ['bucket: kb-artifacts\n  region: EU 1', 4, 11],
    ['bucket: kb-artifacts\n  endpoint: minio:9000', 4, 13],
    ['bucket: kb-artifacts\n  endpoint: https://me:secret@minio', 4, 13],
    ['bucket: kb-artifacts\n  prefix: /team', 4, 11],
    ['bucket: kb-artifacts\n  prefix: team/../other/', 4, 11],
    ['bucket: kb-artifacts\n  dir: /tmp', 4, 3],
    ['region: eu-central-1', 1, 1],
  ])('places what is wrong with a bucket: %s', async (lines, line, column) => {
    write(`artifacts:\n  store: s3\n  ${lines}\n`);
    const { details } = await refusal();
    expect(details['diagnostics']).toMatchObject([{ line, column }]);
    expect(JSON.stringify(details)).not.toContain('secret');
  });

  it('names the stores that there are', async () => {
    write('artifacts: { store: ftp }\n');
    expect((await refusal()).details['diagnostics']).toMatchObject([{ line: 1, column: 21, hint: expect.stringContaining('s3') as string }]);
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

describe('tiers', () => {
  const DAY = 24 * 3_600_000;

  it('are those that are built in, and nothing is removed or narrowly bounded unless it is chosen', async () => {
    const { tiers, allowedHosts } = await load();
    expect([tiers.names, tiers.ofOthers.name, tiers.ofOthers.retention, allowedHosts]).toEqual([['free', 'pro', 'enterprise'], 'enterprise', { runs: {}, logs: {}, artifacts: {} }, []]);
  });

  it('are changed field by field, or made anew, and given to tenants', async () => {
    write(`tiers:
  free: { runs-per-minute: 5, retention: { logs: { age: 2d }, artifacts: { bytes: 1.5GiB } } }
  trial: { requests-per-minute: 60, requests-per-minute-per-key: 20, retention: { runs: { age: 12h, bytes: 1000 } } }
tenants: { acme: free, beta: trial }
default-tier: pro
gateway: { allowed-hosts: [kb.example.com, 10.0.0.7] }
`);
    const { tiers, allowedHosts, origins } = await load();
    expect(tierOf(tiers, 'acme')).toEqual({
      name: 'free',
      requestsPerMinute: 300,
      requestsPerMinutePerKey: 120,
      runsPerMinute: 5,
      runningJobs: 4,
      retention: { runs: { ageMs: 30 * DAY, bytes: 5 * 1024 ** 3 }, logs: { ageMs: 2 * DAY, bytes: 1024 ** 3 }, artifacts: { ageMs: 7 * DAY, bytes: 1.5 * 1024 ** 3 } },
    });
    expect(tierOf(tiers, 'beta')).toEqual({ name: 'trial', requestsPerMinute: 60, requestsPerMinutePerKey: 20, retention: { runs: { ageMs: DAY / 2, bytes: 1_000 }, logs: {}, artifacts: {} } });
    expect(tierOf(tiers, 'default').name).toBe('pro');
    expect([allowedHosts, origins.tiers, origins['default-tier'], origins.gateway]).toEqual([['kb.example.com', '10.0.0.7'], 'file', 'file', 'file']);
  });

  it('bound how many jobs of a tenant run at once, within what is set for all', async () => {
    write('tenants: { acme: free, beta: pro, gamma: enterprise }\n');
    expect((await load()).limits).toEqual({ matrixCombinations: 256, runningJobsOfTenant: { acme: 4, beta: 32 } });
    write('tenants: { acme: free, beta: pro, gamma: enterprise }\nlimits: { running-jobs-per-tenant: 8 }\n');
    expect((await load()).limits).toMatchObject({ runningJobsPerTenant: 8, runningJobsOfTenant: { acme: 4 } });
    write('tiers: { pro: { running-jobs: 3 } }\ntenants: { acme: free, gamma: enterprise }\ndefault-tier: pro\n');
    expect((await load()).limits).toMatchObject({ runningJobsPerTenant: 3, runningJobsOfTenant: { acme: 4, gamma: Number.MAX_SAFE_INTEGER } });
  });

  it('are refused when they are not there', async () => {
    write('tenants: { acme: fre }\n');
    expect(await refusal()).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('the tenant "acme"') as string, hint: 'did you mean "free"?' });
    write('default-tier: gold\n');
    expect((await refusal()).message).toContain('"default-tier"');
  });

  it.each([
    'tiers: { free: { retention: { runs: { age: soon } } } }',
    'tiers: { free: { retention: { runs: { age: -1 } } } }',
    'tiers: { free: { retention: { runs: { bytes: 10GB } } } }',
    'tiers: { free: { retention: { runs: { bytes: -1 } } } }',
    'tiers: { free: { requests-per-minute: 0 } }',
    'tiers: { free: { running-jobs: 0 } }',
    'tiers: { Free: {} }',
    'tenants: { "a/b": free }',
    'gateway: { allowed-hosts: ["https://kb.example.com"] }',
    'gateway: { allowed-hosts: ["kb.example.com:443"] }',
    'gateway: { allowed-hosts: ["*.example.com"] }',
    'triggers: { tenant: Acme }',
    'triggers: { repository: { source: slack, secret: ONE } }',
    'triggers: { repository: { source: github, secret: "a value" } }',
    'triggers: { repository: { source: github } }',
  ])('are refused where something is wrong: %s', async (line) => {
    write(`${line}\n`);
    expect((await refusal()).details['diagnostics']).toMatchObject([{ line: 1 }]);
  });
});
