import { mkdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { BUILT, makeProject, type Project, treeOf } from '../project.fixture.js';

// Each deployment is several processes.
vi.setConfig({ testTimeout: 60_000 });

let project: Project;
beforeEach(() => {
  project = makeProject();
});
afterEach(() => {
  project.dispose();
});

const FILE = '.kb/deploy.json';
const settings = (value: unknown): void => project.write(FILE, JSON.stringify(value));
const target = (more: object = {}) => ({ type: 'directory', path: project.site, source: 'dist', keep: 3, ...more });
const current = (site = project.site): string => readlinkSync(join(site, 'current'));

describe('without a target', () => {
  it('deploys and goes back as the file of the workspace says', async () => {
    settings({ target: target(), version: '1.0', url: 'https://example.org/' });
    const first = await project.push({});
    expect(first).toMatchObject({ target: 'directory', url: 'https://example.org/' });
    expect(treeOf(join(project.site, 'current'))).toEqual(BUILT);
    expect(treeOf(join(project.site, '.kb-deploy'))[`${first.release}.json`]).toContain('"version":"1.0"');
    const second = await project.push({ version: '2.0', url: 'https://example.com/' });
    expect(second).toMatchObject({ previous: first.release, url: 'https://example.com/' });
    expect(treeOf(join(project.site, '.kb-deploy'))[`${second.release}.json`]).toContain('"version":"2.0"');
    expect(await project.rollback({})).toMatchObject({ target: 'directory', release: first.release, previous: second.release });
    expect(current()).toBe(`releases/${first.release}`);
  });

  it('takes the target named by the step, else the default, else the only one', async () => {
    const [staging, production] = [join(project.folder, 'staging'), join(project.folder, 'production')];
    const targets = { staging: target({ path: staging }), production: target({ path: production }) };
    settings({ targets, default: 'staging' });
    const there = await project.push({ environment: 'production' });
    expect(current(production)).toBe(`releases/${there.release}`);
    const here = await project.push({});
    expect(current(staging)).toBe(`releases/${here.release}`);
    expect(current(production)).toBe(`releases/${there.release}`);
    settings({ targets: { production: targets.production } });
    expect(await project.push({})).toMatchObject({ previous: there.release });
    expect(await project.rollback({ environment: 'production' })).toMatchObject({ release: there.release });
  });

  it('says what to write where nothing says where', async () => {
    const wanted = { code: 'NO_TARGET', kbRetry: 'never', message: expect.stringContaining(FILE) as string, hint: expect.stringMatching(/give "target", or write \.kb\/deploy\.json, such as \{"target":/) as string };
    await expect(project.push({})).rejects.toMatchObject(wanted);
    await expect(project.rollback({})).rejects.toMatchObject(wanted);
    await expect(project.push({ environment: 'staging' })).rejects.toMatchObject(wanted);
  });

  it('gives an example in the hint that works as it is', async () => {
    const hint = await project.push({}).then(() => '', (error: { hint?: string }) => error.hint ?? '');
    settings(JSON.parse(hint.slice(hint.indexOf('{'))));
    const { readPushSettings } = await import('./read-settings.js');
    expect(await readPushSettings(undefined, project.ctx())).toMatchObject({ target: { type: 'directory', source: 'dist' } });
  });

  it('goes on by what the step says, whatever is in the file', async () => {
    project.write(FILE, 'not JSON');
    expect(await project.push({ target: { type: 'directory', path: project.site, source: 'dist' } })).toMatchObject({ target: 'directory' });
    await expect(project.push({})).rejects.toMatchObject({ code: 'TARGET_INVALID' });
  });

  it('does not guess between a target and a name', async () => {
    settings({ targets: { staging: target() } });
    await expect(project.push({ target: { type: 'directory', path: project.site, source: 'dist' }, environment: 'staging' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('a file that cannot be used', () => {
  it.each([
    [{}, 'neither "target" nor "targets"'],
    [{ targets: {} }, 'it has none'],
    [{ targets: { a: 1, b: 2 } }, 'which of its "targets" is meant: it has a, b'],
  ])('names no target: %j', async (value, message) => {
    settings(value);
    await expect(project.push({})).rejects.toMatchObject({ code: 'NO_TARGET', message: expect.stringContaining(message) as string });
  });

  it('has not the name that is asked for, not even one that every object has', async () => {
    settings({ targets: { staging: target() } });
    for (const environment of ['production', 'constructor', 'toString']) {
      await expect(project.push({ environment }), environment).rejects.toMatchObject({ code: 'NO_TARGET', message: `"targets" in ${FILE} have none called ${environment}: it has staging` });
    }
    settings({ target: target() });
    await expect(project.push({ environment: 'staging' })).rejects.toMatchObject({ code: 'NO_TARGET' });
  });

  it.each<[unknown, string]>([
    [{ target: { type: 'ftp' } }, 'target.type: is to be one of command, directory, git, ssh'],
    [{ target: {} }, 'target.type: is to be one of command, directory, git, ssh'],
    [{ target: { type: 'directory', source: 'dist' } }, 'target.path: is missing'],
    [{ target: { type: 'directory', source: 'dist', path: '/x', keeep: 3 } }, 'target: Unrecognized key: "keeep"'],
    [{ target: { type: 'directory', source: 'dist', path: '/x', healthCheck: { program: 'curl', arg: [] } } }, 'target.healthCheck: Unrecognized key: "arg"'],
    [{ target: { type: 'directory', source: 'dist', path: '/x', keep: 1 } }, 'target.keep: '],
    [{ target: { type: 'ssh', source: 'dist', path: '/x', host: '-oProxyCommand=x' } }, 'target.host: '],
    [{ target: { type: 'git', source: 'dist', remote: '--upload-pack=x', branch: 'b' } }, 'target.remote: '],
    [{ target: { type: 'command', program: 'x', env: { KB_RUN: 'x' } } }, 'target.env.KB_RUN: '],
    [{ targets: { staging: { type: 'git', remote: 'origin', source: 'dist' } } }, 'targets.staging.branch: is missing'],
    [{ targets: { 'a b': {} } }, 'targets.a b: is no name'],
    [{ targets: { a: {} }, default: 'b' }, '"targets" in .kb/deploy.json have none called b: it has a'],
    [{ target: {}, targets: {} }, 'both "target" and "targets"'],
    [{ target: {}, default: 'a' }, 'has a "default", but no "targets"'],
    [{ tarket: {} }, 'the file: Unrecognized key: "tarket"'],
    [{ target: {}, url: 'javascript:alert(1)' }, 'url: '],
    [[], 'the file: '],
    [null, 'the file: '],
    [{ target: null }, 'target: '],
  ])('says what is wrong and where: %j', async (value, message) => {
    settings(value);
    await expect(project.push({})).rejects.toMatchObject({ code: 'TARGET_INVALID', kbRetry: 'never', message: expect.stringContaining(message) as string });
  });

  it('is no JSON, no file, or too large', async () => {
    const refused = (message: string) => expect(project.push({})).rejects.toMatchObject({ code: 'TARGET_INVALID', message: expect.stringContaining(message) as string });
    project.write(FILE, '{ "target": }');
    await refused('is not JSON: ');
    project.write(FILE, JSON.stringify({ target: target(), more: 'x'.repeat(300_000) }));
    await refused('is larger than');
    const other = makeProject();
    try {
      mkdirSync(join(other.workspace, FILE), { recursive: true });
      await expect(other.push({})).rejects.toMatchObject({ code: 'TARGET_INVALID', message: `${FILE} is no file` });
    } finally {
      other.dispose();
    }
  });

  it('may be wrong about a target that is not meant', async () => {
    settings({ targets: { staging: target(), production: { type: 'ftp' } }, default: 'staging' });
    expect(await project.push({})).toMatchObject({ target: 'directory' });
    await expect(project.push({ environment: 'production' })).rejects.toMatchObject({ code: 'TARGET_INVALID' });
  });
});

it('does not go back from a command, and checks a target for that as well', async () => {
  settings({ targets: { own: { type: 'command', program: 'x' }, host: { type: 'ssh', host: '-x', path: '/x' } } });
  await expect(project.rollback({ environment: 'own' })).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK' });
  await expect(project.rollback({ environment: 'host' })).rejects.toMatchObject({ code: 'TARGET_INVALID', message: expect.stringContaining('targets.host.host: ') as string });
});

it('reads a file with the mark that some editors begin it with', async () => {
  project.write(FILE, `\uFEFF${JSON.stringify({ target: target() })}`);
  expect(await project.push({})).toMatchObject({ target: 'directory' });
});
