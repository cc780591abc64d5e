import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { JsonObject, Page, RunView } from '@kb-labs/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { isWaiting, job, jobStatuses, step } from './control.fixture.js';
import { DaemonProcess } from './daemon.fixture.js';
import { RepositoryCopy } from './release-pipeline-copy.fixture.js';

const hasPnpm = spawnSync('pnpm', ['--version']).status === 0;
const TESTED = 'packages/digest/src/content-digest.test.ts';

describe('the release of this repository', { skip: !hasPnpm }, () => {
  let copy: RepositoryCopy;
  let daemon: DaemonProcess;
  let site: string;
  const current = (): string => readlinkSync(join(site, 'current'));
  const released = (...args: string[]): string => execFileSync(process.execPath, [join(site, 'current/bin/kb.js'), ...args], { cwd: site, encoding: 'utf8' });

  beforeAll(async () => {
    site = realpathSync(mkdtempSync(join(tmpdir(), 'kb-site-')));
    copy = new RepositoryCopy();
    daemon = await DaemonProcess.start(copy);
  }, 60_000);
  afterAll(async () => {
    await daemon.kill('SIGTERM');
    copy.remove();
    rmSync(site, { recursive: true, force: true });
  }, 120_000);

  const begin = (): Promise<string> => copy.begin('release-pipeline', '-f', `into=${site}`, '-f', 'install=never');

  async function approve(runId: string): Promise<RunView> {
    const waiting = await copy.until(runId, isWaiting);
    expect(jobStatuses(waiting)).toMatchObject({ build: 'success', test: 'success' });
    const answer = await copy.kb('workflow:approve', `--run-id=${runId}`, '--step-id=ask', '--as=ada');
    expect(answer.code, answer.stderr).toBe(0);
    const view = await copy.end(runId);
    expect(view.status, JSON.stringify(view.error)).toBe('success');
    return view;
  }

  /** Changes the version, and with it what is built. */
  function bump(version: string): void {
    const path = 'apps/cli/package.json';
    copy.write(path, readFileSync(join(copy.dir, path), 'utf8').replace(/"version": "[^"]+"/, `"version": "${version}"`));
  }

  let first: string;
  let second: string;

  it('is built, tested, asked for, and then current', { timeout: 180_000 }, async () => {
    bump('0.91.0');
    copy.git('commit', '-qam', 'first');
    const runId = await begin();
    const waiting = await copy.until(runId, isWaiting);
    expect(readdirSync(site), 'nothing is there before somebody has agreed').toEqual([]);
    const head = copy.git('rev-parse', 'HEAD').trim();
    const { items } = await copy.json<Page<JsonObject>>('workflow:approvals');
    const context = { branch: 'main', built: expect.arrayContaining(['@kb-labs/contracts', '@kb-labs/cli']) as unknown };
    expect(items).toMatchObject([{ runId, title: `Release ${head}?`, context }]);
    expect(Number(job(waiting, 'test').outputs['passed'])).toBeGreaterThan(10);

    const view = await approve(runId);
    first = String(view.outputs['release']);
    expect(view.outputs).toEqual({ release: first, previous: null });
    expect(step(view, 'deploy/ask').outputs).toMatchObject({ decision: 'approved', approver: 'ada' });
    expect(current()).toBe(`releases/${first}`);
    expect(released('version')).toContain('0.91.0');
    expect(execFileSync('find', [join(site, 'releases', first), '-type', 'l'], { encoding: 'utf8' }), 'a release stands alone').toBe('');
    expect(JSON.parse(readFileSync(join(site, '.kb-deploy', `${first}.json`), 'utf8')) as JsonObject).toMatchObject({ commit: head, version: head, run: runId });
  });

  it('does not happen when its tests fail, and is carried on from there', { timeout: 180_000 }, async () => {
    bump('0.92.0');
    const sound = readFileSync(join(copy.dir, TESTED), 'utf8');
    copy.write(TESTED, `${sound}\nit('is broken', () => expect(1).toBe(2));\n`);
    copy.git('commit', '-qam', 'second, with a mistake');
    const failed = await copy.end(await begin());
    expect(failed.status).toBe('failed');
    expect(jobStatuses(failed)).toEqual({ build: 'success', test: 'failed', deploy: 'skipped' });
    expect(step(failed, 'test/qa').error).toMatchObject({ code: 'QA_FAILED', message: expect.stringContaining('is broken') as unknown });
    expect([current(), readdirSync(join(site, 'releases'))]).toEqual([`releases/${first}`, [first]]);

    copy.write(TESTED, sound);
    copy.git('commit', '-qam', 'second');
    const rerun = await copy.kb('workflow:rerun', `--run-id=${failed.id}`, '--failed', '--detach', '--json');
    const again = JSON.parse(rerun.stdout.split('\n')[0] ?? '') as JsonObject;
    expect(again, rerun.stderr).toMatchObject({ rerunOf: failed.id, keeps: [{ job: 'build' }] });
    const missing: string[] = [];
    const watch = setInterval(() => {
      if (!existsSync(join(site, 'current/bin/kb.js'))) missing.push(current());
    }, 1);
    const view = await approve(String(again['runId'])).finally(() => clearInterval(watch));
    second = String(view.outputs['release']);
    expect(missing, 'there is no moment without a release').toEqual([]);
    expect(view.outputs).toEqual({ release: second, previous: first });
    expect(current()).toBe(`releases/${second}`);
    expect(readdirSync(join(site, 'releases')).toSorted()).toEqual([first, second].toSorted());
    expect(released('version'), 'what was built before the failure').toContain('0.92.0');
  });

  it('is taken back by one command', async () => {
    const target = JSON.stringify({ type: 'directory', path: site });
    expect(await copy.json<JsonObject>('deploy:rollback', '--target', target)).toMatchObject({ release: first, previous: second, changed: true });
    expect(current()).toBe(`releases/${first}`);
    expect(released('version')).toContain('0.91.0');
    const none = await copy.kb('deploy:rollback', '--target', target);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('NOTHING_TO_ROLL_BACK')]);
  });
});
