import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { cpSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { makeProject, PROGRAM_ENV, type Project, treeOf } from '../project.fixture.js';
import { RELEASE_PROGRAM } from './program.js';
import { pushRelease } from './push-release.js';
import type { PushRequest, ReleaseReport } from './requests.js';

/** Ends the process the hard way before its n-th act on the file system that can change something. */
const CRASH = `
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
let left = Number(process.env.CRASH_AT);
const crashing = (act) => function (...args) {
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
  return act.apply(this, args);
};
const handle = await fs.open(process.execPath);
const prototype = Object.getPrototypeOf(handle);
await handle.close();
for (const name of ['writeFile', 'sync', 'chmod', 'utimes', 'truncate']) prototype[name] = crashing(prototype[name]);
for (const name of ['open', 'mkdir', 'rename', 'rm', 'symlink', 'link', 'writeFile', 'chmod']) fs[name] = crashing(fs[name]);
syncBuiltinESMExports();`;

const NOTE = { createdAt: 1_700_000_000_000, run: 'r', workflow: 'w', job: 'j', step: 's' };
const AT_ONCE = 2;

interface End {
  readonly signal: string | null;
  readonly last: ReleaseReport | undefined;
}

function start(request: PushRequest, crashAt?: number): ChildProcessByStdio<Writable, Readable, null> {
  const options = crashAt === undefined ? '' : ` --import=data:text/javascript,${encodeURIComponent(CRASH)}`;
  const child = spawn(process.execPath, [RELEASE_PROGRAM], {
    env: { ...PROGRAM_ENV, NODE_OPTIONS: PROGRAM_ENV.NODE_OPTIONS + options, CRASH_AT: String(crashAt) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(request));
  return child;
}

async function ask(request: PushRequest, crashAt?: number): Promise<End> {
  const child = start(request, crashAt);
  const [said, signal] = await Promise.all([text(child.stdout), new Promise<string | null>((done) => child.once('close', (_, name) => done(name)))]);
  const line = said.trim().split('\n').at(-1) ?? '';
  return { signal, last: line === '' ? undefined : (JSON.parse(line) as ReleaseReport) };
}

function pushOf({ workspace, site }: Project, key: string, createdAt: number): PushRequest {
  return { act: 'push', workspace, source: 'tiny', path: site, keep: 2, key: key.repeat(12), note: { ...NOTE, createdAt } };
}

const BUILT = { 'sub/page': '644 new', top: '-> sub/page' };

function tinyProject(): Project {
  const project = makeProject();
  project.write('tiny/sub/page', 'new');
  symlinkSync('sub/page', join(project.workspace, 'tiny/top'));
  return project;
}

let made: Project;
const old: Record<string, string>[] = [];
beforeAll(async () => {
  made = tinyProject();
  for (const [key, time] of [['a', 1], ['b', 2]] as const) {
    made.write('tiny/sub/page', key);
    await pushRelease(pushOf(made, key, time), () => undefined);
    old.push(treeOf(join(made.site, 'current')));
  }
});
afterAll(() => {
  made.dispose();
});

/** A third deployment over two others, ended at its n-th act. Answers whether it came that far. */
async function crashOnce(at: number): Promise<boolean> {
  const project = tinyProject();
  try {
    cpSync(made.site, project.site, { recursive: true, verbatimSymlinks: true });
    const crashed = await ask(pushOf(project, 'c', 3), at);
    expect([old[1], BUILT]).toContainEqual(treeOf(join(project.site, 'current')));
    // Every release that can be seen is whole.
    for (const name of visible(project.site)) expect([...old, BUILT]).toContainEqual(treeOf(join(project.site, 'releases', name)));
    const finished = await pushRelease(pushOf(project, 'c', 4), () => undefined);
    expect(finished).toMatchObject({ release: expect.stringMatching(/-c{12}$/) as string, previous: expect.stringMatching(/-b{12}$/) as string });
    expect(readlinkSync(join(project.site, 'current'))).toMatch(/-c{12}$/);
    expect(treeOf(join(project.site, 'current'))).toEqual(BUILT);
    // What was on its way out when the first try ended is cleared away by the next deployment.
    if (readdirSync(join(project.site, 'releases')).length > 2) await pushRelease(pushOf(project, 'd', 5), () => undefined);
    expect(readdirSync(join(project.site, 'releases'))).toHaveLength(2);
    return crashed.signal === 'SIGKILL';
  } finally {
    project.dispose();
  }
}

function visible(site: string): string[] {
  return readdirSync(join(site, 'releases')).filter((name) => !name.startsWith('.')).sort();
}

it('a deployment that is killed at any of its steps leaves a whole release current, and the next try finishes it', { timeout: 120_000 }, async () => {
  let next = 1;
  let reached = 0;
  let over = false;
  const work = async (): Promise<void> => {
    while (!over) {
      const at = next;
      next += 1;
      if (await crashOnce(at)) reached = Math.max(reached, at);
      else over = true;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(reached).toBeGreaterThan(30);
});

it('told to end while its release is being checked, it switches back first', async () => {
  const project = tinyProject();
  try {
    cpSync(made.site, project.site, { recursive: true, verbatimSymlinks: true });
    const answerFile = join(project.folder, 'answer');
    const child = start({ ...pushOf(project, 'c', 3), answerFile });
    const reports: ReleaseReport[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const report = JSON.parse(line) as ReleaseReport;
      reports.push(report);
      if (report.kind !== 'check') continue;
      expect(readlinkSync(join(project.site, 'current'))).toMatch(/-c{12}$/);
      child.kill('SIGTERM');
    }
    expect(reports.at(-1)).toMatchObject({ kind: 'failed', code: 'HEALTH_CHECK_ABORTED' });
    expect(treeOf(join(project.site, 'current'))).toEqual(old[1]);
    writeFileSync(answerFile, '0');
    expect((await ask({ ...pushOf(project, 'c', 3), answerFile })).last).toMatchObject({ kind: 'done' });
    expect(treeOf(join(project.site, 'current'))).toEqual(BUILT);
  } finally {
    project.dispose();
  }
});
