import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { BUILT, makeProject, type Project, treeOf } from './project.fixture.js';

// Each deployment is several processes.
vi.setConfig({ testTimeout: 60_000 });

let project: Project;
beforeEach(() => {
  project = makeProject();
});
afterEach(() => {
  project.dispose();
});

const folder = (more: object = {}) => ({ target: { type: 'directory' as const, path: project.site, source: 'dist', ...more } });
const current = (): string => readlinkSync(join(project.site, 'current'));
const releases = (): string[] => readdirSync(join(project.site, 'releases')).sort();
const live = (): Record<string, string> => treeOf(join(project.site, 'current'));
const node = (script: string) => ({ program: 'node', args: ['-e', script] });

describe('deploy:push to a folder', () => {
  it('makes a release outside the workspace and leads "current" to it', async () => {
    const result = await project.push({ ...folder(), version: '1.2.3', url: 'https://example.org/' });
    expect(result).toMatchObject({ target: 'directory', previous: null, changed: true, repeated: false, files: 4, bytes: 17, url: 'https://example.org/' });
    expect(current()).toBe(`releases/${result.release}`);
    expect(live()).toEqual(BUILT);
    const noted = JSON.parse(readFileSync(join(project.site, '.kb-deploy', `${result.release}.json`), 'utf8')) as object;
    expect(noted).toMatchObject({ release: result.release, version: '1.2.3', url: 'https://example.org/', files: 4, bytes: 17, job: 'test', step: 'test', digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string });
    expect(noted).not.toHaveProperty('commit');
  });

  it('notes the commit of the workspace', async () => {
    project.git('init', '--quiet');
    project.git('-c', 'user.name=A', '-c', 'user.email=a@b', 'commit', '--quiet', '--allow-empty', '--message=x');
    const { release } = await project.push(folder());
    expect(JSON.parse(readFileSync(join(project.site, '.kb-deploy', `${release}.json`), 'utf8'))).toMatchObject({ commit: project.git('rev-parse', 'HEAD').trim() });
  });

  it('says whether contents have changed, permissions among them', async () => {
    const first = await project.push(folder());
    const second = await project.push(folder());
    expect(second).toMatchObject({ previous: first.release, changed: false, repeated: false });
    chmodSync(join(project.workspace, 'dist/index.html'), 0o600);
    expect(await project.push(folder())).toMatchObject({ previous: second.release, changed: true });
    expect(live()['index.html']).toBe('600 one');
  });

  it('copies: what happens to the source later does not reach the release', async () => {
    await project.push(folder());
    project.write('dist/index.html', 'later');
    expect(live()['index.html']).toBe('644 one');
    expect(statSync(join(project.site, 'current/index.html')).nlink).toBe(1);
  });

  it('leaves out .git and the state of the engine', async () => {
    project.write('dist/.git/config', 'x');
    project.write('dist/assets/.git', 'gitdir: x');
    project.write('dist/.kb/state/x', 'x');
    await project.push(folder());
    expect(live()).toEqual(BUILT);
  });

  it('works inside the workspace too, and where folders may not be written', async () => {
    chmodSync(join(project.workspace, 'dist/assets/deep'), 0o555);
    for (let at = 0; at < 4; at += 1) await project.push({ target: { type: 'directory', path: 'out/site', source: 'dist', keep: 2 } });
    expect(readdirSync(join(project.workspace, 'out/site/releases'))).toHaveLength(2);
    chmodSync(join(project.workspace, 'dist/assets/deep'), 0o755);
  });

  it('keeps as many releases as asked, and always the one before', async () => {
    const made: string[] = [];
    for (let at = 0; at < 5; at += 1) {
      project.write('dist/index.html', String(at));
      made.push((await project.push(folder({ keep: 3 }))).release);
    }
    expect(releases()).toEqual(made.slice(2));
    expect(readdirSync(join(project.site, '.kb-deploy')).filter((name) => name.endsWith('.json'))).toHaveLength(3);
    const back = { target: { type: 'directory' as const, path: project.site } };
    await project.rollback(back);
    await project.rollback(back);
    // The current one is the oldest now, and stays with a smaller number too.
    const last = await project.push(folder({ keep: 2 }));
    expect(last.previous).toBe(made[2]);
    expect(releases()).toEqual([made[2], made[4], last.release]);
  });

  it('does nothing twice for one step, not even after a later deployment', async () => {
    const ctx = () => project.ctx({ idempotencyKey: 'the step' });
    const first = await project.push(folder(), ctx());
    expect(await project.push(folder(), ctx())).toEqual({ ...first, repeated: true });
    const second = await project.push(folder());
    expect(await project.push(folder(), ctx())).toMatchObject({ release: first.release, repeated: true });
    expect(current()).toBe(`releases/${second.release}`);
    expect(releases()).toHaveLength(2);
  });
});

describe('the health check', () => {
  it('is run while the release is current, and knows which one it is', async () => {
    const { release } = await project.push(folder({ healthCheck: node(`const fs = require('fs'); process.exit(process.env.KB_DEPLOY_RELEASE === fs.readlinkSync(${JSON.stringify(join(project.site, 'current'))}).slice(9) && fs.existsSync(process.env.KB_DEPLOY_FOLDER + '/index.html') ? 0 : 1)`) }));
    expect(current()).toBe(`releases/${release}`);
  });

  it('switches back when it fails, and a later try of the step may succeed', async () => {
    const good = await project.push(folder());
    project.write('dist/index.html', 'two');
    const ill = folder({ healthCheck: node(`console.log('no answer'); process.exit(require('fs').existsSync('healed') ? 0 : 1)`) });
    const ctx = project.ctx({ idempotencyKey: 'ill' });
    await expect(project.push(ill, ctx)).rejects.toMatchObject({ code: 'HEALTH_CHECK_FAILED', message: expect.stringMatching(new RegExp(`${good.release} is current again\\. The check ended with exit code 1: no answer$`)) as string });
    expect(ctx.lines.map(({ text }) => text)).toContain('health check: no answer');
    expect(current()).toBe(`releases/${good.release}`);
    await expect(project.rollback({ target: { type: 'directory', path: project.site } })).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK' });
    const failed = releases().find((name) => name !== good.release);
    await expect(project.rollback({ target: { type: 'directory', path: project.site }, to: failed })).rejects.toMatchObject({ code: 'RELEASE_NOT_READY' });
    project.write('healed', '');
    expect(await project.push(ill, project.ctx({ idempotencyKey: 'ill' }))).toMatchObject({ previous: good.release, changed: true });
    expect(live()['index.html']).toBe('644 two');
  });

  it('leaves nothing current when the first release fails it', async () => {
    await expect(project.push(folder({ healthCheck: node('process.exit(1)') }))).rejects.toMatchObject({ code: 'HEALTH_CHECK_FAILED', message: expect.stringMatching(/said nothing$/) as string });
    expect(existsSync(join(project.site, 'current'))).toBe(false);
  });

  it('switches back when its program is not there, and says that', async () => {
    const good = await project.push(folder());
    await expect(project.push(folder({ healthCheck: { program: 'kb-no-such-program' } }))).rejects.toMatchObject({ code: 'PROGRAM_NOT_FOUND' });
    expect(current()).toBe(`releases/${good.release}`);
  });

  it('that hangs is ended by a cancel; the next deployment goes back behind what was never found healthy', async () => {
    const good = await project.push(folder());
    const stop = new AbortController();
    const hanging = project.push(folder({ healthCheck: node(`console.log('waiting'); setInterval(() => {}, 1000)`) }), listening(project.ctx({ signal: stop.signal }), 'waiting', () => stop.abort(new Error('cancelled'))));
    await expect(hanging).rejects.toThrow('cancelled');
    const next = await project.push(folder());
    expect(next.previous).toBe(good.release);
    expect(await project.rollback({ target: { type: 'directory', path: project.site } })).toMatchObject({ release: good.release });
  });
});

/** Calls back when the step logs a line with this text. */
function listening<Context extends ReturnType<Project['ctx']>>(ctx: Context, text: string, then: () => void): Context {
  const info = (line: string): void => {
    ctx.log.info(line);
    if (line.includes(text)) then();
  };
  return { ...ctx, log: { ...ctx.log, info } };
}

describe('two deployments at once', () => {
  it('are one after the other: whoever comes second is told to come again', async () => {
    let inside: Promise<unknown> = Promise.resolve();
    const ctx = listening(project.ctx(), 'inside', () => {
      inside = expect(project.push(folder())).rejects.toMatchObject({ code: 'DEPLOY_BUSY' }).finally(() => project.write('go', ''));
    });
    await project.push(folder({ healthCheck: node(`console.log('inside'); const look = () => require('fs').existsSync('go') ? 0 : setTimeout(look, 20); look()`) }), ctx);
    await inside;
    await project.push(folder());
    expect(releases()).toHaveLength(2);
  });

  it('of many that start together each is whole or refused, and one at least is there', async () => {
    const ends = await Promise.allSettled(Array.from({ length: 6 }, () => project.push(folder())));
    const made = ends.filter((end) => end.status === 'fulfilled').map(({ value }) => value.release);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'DEPLOY_BUSY' });
    expect(made.length).toBeGreaterThan(0);
    expect(releases()).toEqual(made.sort());
    expect(live()).toEqual(BUILT);
  });

  it('the lock of a process that is gone is not one, and that of another host is', async () => {
    await project.push(folder());
    const locks = (): string[] => readdirSync(join(project.site, '.kb-deploy')).filter((name) => name.startsWith('lock.'));
    const [lock = ''] = locks();
    expect(locks()).toHaveLength(1);
    // This very process, but started at another time.
    writeFileSync(join(project.site, '.kb-deploy', lock), `held ${String(process.pid)} 1 ${hostname()}\n`);
    await project.push(folder());
    const [next = ''] = locks();
    writeFileSync(join(project.site, '.kb-deploy', next), 'held 1 1 another-host\n');
    await expect(project.push(folder())).rejects.toMatchObject({ code: 'DEPLOY_BUSY', hint: expect.stringContaining(next) as string });
  });
});

describe('deploy:push refuses', () => {
  it.each([
    ['/etc/passwd', 'LINK_OUTSIDE'],
    ['../secret', 'LINK_OUTSIDE'],
    ['assets/../../secret', 'LINK_OUTSIDE'],
    ['latest/../../..', 'LINK_OUTSIDE'],
  ])('a link to %s', async (leadsTo, code) => {
    symlinkSync(leadsTo, join(project.workspace, 'dist/bad'));
    await expect(project.push(folder())).rejects.toMatchObject({ code, kbRetry: 'never' });
    expect(existsSync(join(project.site, 'current'))).toBe(false);
  });

  it('a source outside the workspace, also by a link, and one that is not there', async () => {
    mkdirSync(join(project.folder, 'other'));
    symlinkSync(join(project.folder, 'other'), join(project.workspace, 'linked'));
    for (const source of ['..', '../other', join(project.folder, 'other'), 'linked']) await expect(project.push(folder({ source }))).rejects.toMatchObject({ code: 'SOURCE_OUTSIDE' });
    await expect(project.push(folder({ source: 'nothing' }))).rejects.toMatchObject({ code: 'SOURCE_MISSING' });
    await expect(project.push(folder({ source: 'dist/index.html' }))).rejects.toMatchObject({ code: 'SOURCE_MISSING' });
    mkdirSync(join(project.workspace, 'empty/sub'), { recursive: true });
    await expect(project.push(folder({ source: 'empty' }))).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
  });

  it('to deploy a folder into itself', async () => {
    await expect(project.push(folder({ source: '.', path: 'site' }))).rejects.toMatchObject({ code: 'SOURCE_NESTED' });
    await expect(project.push(folder({ source: 'dist', path: 'dist' }))).rejects.toMatchObject({ code: 'SOURCE_NESTED' });
    symlinkSync(project.workspace, join(project.folder, 'link'));
    await expect(project.push(folder({ path: join(project.folder, 'link/dist/site') }))).rejects.toMatchObject({ code: 'SOURCE_NESTED' });
  });

  it('a place that is no folder', async () => {
    writeFileSync(project.site, '');
    await expect(project.push(folder())).rejects.toMatchObject({ code: 'PATH_NOT_A_FOLDER', kbRetry: 'never' });
    await expect(project.push(folder({ path: join(project.site, 'below') }))).rejects.toMatchObject({ code: 'PATH_NOT_A_FOLDER' });
  });

  it('to touch a "current" that it has not made', async () => {
    mkdirSync(join(project.site, 'current'), { recursive: true });
    await expect(project.push(folder())).rejects.toMatchObject({ code: 'CURRENT_NOT_A_LINK' });
    rmSync(join(project.site, 'current'), { recursive: true });
    symlinkSync('/etc', join(project.site, 'current'));
    await expect(project.push(folder())).rejects.toMatchObject({ code: 'CURRENT_NOT_A_RELEASE' });
    expect(current()).toBe('/etc');
  });

  it('to do anything without the permission to start programs', async () => {
    const ctx = project.ctx();
    const denied = { ...ctx, exec: () => Promise.reject(Object.assign(new Error('denied'), { code: 'PERMISSION_DENIED' })) };
    await expect(project.push(folder(), denied)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(existsSync(project.site)).toBe(false);
  });
});

describe('deploy:rollback of a folder', () => {
  const back = (to?: string) => ({ target: { type: 'directory' as const, path: project.site }, ...(to === undefined ? {} : { to }) });

  it('goes back one deployment each time, and forward by name', async () => {
    const made: string[] = [];
    for (const text of ['a', 'b', 'c']) {
      project.write('dist/index.html', text);
      made.push((await project.push(folder())).release);
    }
    const [a = '', b = '', c = ''] = made;
    expect(await project.rollback(back())).toEqual({ target: 'directory', release: b, previous: c, changed: true, repeated: false });
    expect(live()['index.html']).toBe('644 b');
    expect(await project.rollback(back())).toMatchObject({ release: a, previous: b });
    await expect(project.rollback(back())).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK', kbRetry: 'never' });
    expect(await project.rollback(back(c))).toMatchObject({ release: c, previous: a });
    expect(await project.rollback(back(c))).toMatchObject({ release: c, previous: c, changed: false });
    await project.rollback(back(a));
    project.write('dist/index.html', 'd');
    const d = await project.push(folder());
    expect(d.previous).toBe(a);
    expect(await project.rollback(back())).toMatchObject({ release: a, previous: d.release });
  });

  it('goes back once for one step, however often it is tried', async () => {
    for (let at = 0; at < 3; at += 1) await project.push(folder());
    const ctx = () => project.ctx({ idempotencyKey: 'back' });
    const first = await project.rollback(back(), ctx());
    expect(await project.rollback(back(), ctx())).toEqual({ ...first, repeated: true });
    expect(current()).toBe(`releases/${first.release}`);
  });

  it('refuses where there is nothing, or not this', async () => {
    await expect(project.rollback(back())).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK' });
    expect(existsSync(project.site)).toBe(false);
    await project.push(folder());
    await expect(project.rollback(back('20200101-000000000-000000000000'))).rejects.toMatchObject({ code: 'RELEASE_MISSING' });
    await expect(project.rollback(back('a'.repeat(40)))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
