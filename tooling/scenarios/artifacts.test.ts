import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RunView } from '@kb-labs/contracts';
import { startRedisServer } from '@kb-labs/testkit';
import { afterEach, describe, expect, it } from 'vitest';

import { startS3 } from '../../packages/blobs/src/s3/s3-server.fixture.js';
import { Project } from './project.fixture.js';

const workflow = `
id: build
permissions: { shell: true }
jobs:
  one:
    steps:
      - { id: make, shell: sh, run: 'seq 1 200000 > "$KB_ARTIFACTS/numbers.txt"' }
`;
const NUMBERS = Array.from({ length: 200_000 }, (_, index) => `${index + 1}\n`).join('');

const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function newProject(settings: string, env: NodeJS.ProcessEnv = {}): Project {
  const project = new Project({ '.kb/workflows/build.yml': workflow, '.kb/kb.config.yaml': settings }, env);
  closing.push(() => project.remove());
  return project;
}

async function redisUrl(): Promise<string> {
  const server = await startRedisServer({ appendfsync: 'always', 'maxmemory-policy': 'noeviction' });
  closing.push(() => server.stop());
  return server.url;
}

/** Stores an artifact of a run and downloads it again in another process. */
async function roundTrip(project: Project): Promise<{ run: RunView; content: string }> {
  const run = await project.json<RunView>('workflow:run', '--workflow-id=build');
  expect(run).toMatchObject({ status: 'success', artifacts: [{ name: 'numbers.txt', bytes: NUMBERS.length }] });
  const { code, stdout, stderr } = await project.kb('workflow:artifacts', `--run-id=${run.id}`, '--download=numbers.txt', '--output=-');
  expect([code, stderr]).toEqual([0, '']);
  return { run, content: stdout };
}

async function shownPlace(project: Project): Promise<string> {
  const { stdout } = await project.kb('doctor');
  return stdout.split('\n').find((line) => line.includes(' artifacts ')) ?? stdout;
}

/** Where an artifact of the run is in a folder of blobs. */
function placeOf(run: RunView): string {
  const digest = run.artifacts[0]?.digest.replace('sha256:', '') ?? '';
  return join('sha256', digest.slice(0, 2), digest.slice(2));
}

const stateDir = (project: Project): string => join(project.dir, '.kb/state');

describe('artifacts', () => {
  it('are kept with the runs when nothing else is said', async () => {
    const project = newProject('concurrency: 2\n');
    const { run, content } = await roundTrip(project);
    expect(content).toBe(NUMBERS);
    expect(readFileSync(join(stateDir(project), 'blobs', placeOf(run)), 'utf8')).toBe(NUMBERS);

    const shared = newProject('artifacts: { store: redis }\n', { KB_STATE_URL: await redisUrl() });
    expect((await roundTrip(shared)).content).toBe(NUMBERS);
    expect(existsSync(join(stateDir(shared), 'blobs'))).toBe(false);
    expect(await shownPlace(shared)).toContain('in Redis');
  }, 60_000);

  it('are kept in a folder that is named, also when the runs are in Redis', async () => {
    const project = newProject('artifacts: { store: file, dir: kept }\n', { KB_STATE_URL: await redisUrl() });
    const { run, content } = await roundTrip(project);
    expect(content).toBe(NUMBERS);
    expect(readFileSync(join(project.dir, 'kept', placeOf(run)), 'utf8')).toBe(NUMBERS);
  }, 60_000);

  it.each(['embedded', 'redis'])('are kept in a bucket, with the runs in the %s state', async (state) => {
    const s3 = await startS3();
    closing.push(() => s3.remove());
    const { endpoint = '', bucket, credentials } = s3.place;
    const settings = `artifacts: { store: s3, endpoint: "${endpoint}", bucket: ${bucket}, prefix: team-a/, path-style: true }\n`;
    const project = newProject(settings, {
      KB_S3_ACCESS_KEY_ID: credentials?.accessKeyId,
      KB_S3_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
      ...(state === 'redis' ? { KB_STATE_URL: await redisUrl() } : {}),
    });
    const { run, content } = await roundTrip(project);
    expect(content).toBe(NUMBERS);
    const folder = join(s3.dir, 'team-a', placeOf(run), '..');
    expect(readdirSync(folder).some((file) => file.startsWith(placeOf(run).split('/').at(-1) ?? '-'))).toBe(true);
    expect(existsSync(join(stateDir(project), 'blobs'))).toBe(false);

    const shown = await shownPlace(project);
    expect(shown).toContain(`s3://${bucket}/team-a/ at ${endpoint}`);
    expect(shown, 'no secret is shown').not.toContain(credentials?.secretAccessKey);

    // Runs are told from artifacts: without the bucket the one is read and the other says what is missing.
    await s3.kill();
    expect((await project.json<RunView>('workflow:status', `--run-id=${run.id}`)).status).toBe('success');
    const gone = await project.kb('workflow:artifacts', `--run-id=${run.id}`, '--download=numbers.txt', '--output=-');
    expect([gone.code, gone.stdout]).toEqual([3, '']);
  }, 90_000);

  it('are refused a place that does not exist, before anything runs', async () => {
    const project = newProject('artifacts:\n  store: s3\n  bucket: Not_A_Bucket\n');
    const { code, stderr } = await project.kb('workflow:run', '--workflow-id=build');
    expect(code).toBe(2);
    expect(stderr).toContain('.kb/kb.config.yaml:3:11');
    expect(existsSync(stateDir(project))).toBe(false);
  }, 60_000);
});
