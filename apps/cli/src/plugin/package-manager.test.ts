import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { findPackageManager } from './package-manager.js';

let root = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'kb-manager-')));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const NPM = ['install', '--save-dev', '--ignore-scripts', '--no-audit', '--no-fund', '--', '@a/b@^1'];
const YARN = ['add', '--dev', '--ignore-scripts', '@a/b@^1'];
const BERRY = ['add', '--dev', '--mode=skip-build', '@a/b@^1'];

describe('the package manager of a project', () => {
  it.each<readonly [string, Readonly<Record<string, string>>, string, readonly string[]]>([
    ['nothing that tells', {}, 'npm', NPM],
    ['a lock file of npm', { 'package-lock.json': '{}' }, 'npm', NPM],
    ['a lock file of pnpm', { 'pnpm-lock.yaml': '' }, 'pnpm', ['add', '--save-dev', '--ignore-scripts', '@a/b@^1']],
    ['the top of a workspace of pnpm', { 'pnpm-lock.yaml': '', 'pnpm-workspace.yaml': '' }, 'pnpm', ['add', '--save-dev', '--ignore-scripts', '--workspace-root', '@a/b@^1']],
    ['a lock file of Yarn', { 'yarn.lock': '' }, 'yarn', YARN],
    ['a newer Yarn by its settings', { 'yarn.lock': '', '.yarnrc.yml': '' }, 'yarn', BERRY],
    ['a name in package.json, whatever lock file there is', { 'package.json': '{"packageManager":"yarn@4.5.0+sha224.abc"}', 'package-lock.json': '{}' }, 'yarn', BERRY],
    ['an old Yarn by name', { 'package.json': '{"packageManager":"yarn@1.22.22"}', '.yarnrc.yml': '' }, 'yarn', YARN],
    ['a name that is none of them', { 'package.json': '{"packageManager":"evil@1.0.0"}' }, 'npm', NPM],
  ])('%s', (_, files, program, install) => {
    write({ 'package.json': '{}', ...files });
    const manager = findPackageManager(root);
    expect([manager.program, manager.folder, manager.install('@a/b@^1')]).toEqual([program, root, install]);
  });

  it('is that of the repository around the project', () => {
    write({ 'package.json': '{"packageManager":"pnpm@10.0.0"}', 'pnpm-workspace.yaml': '', 'apps/web/package.json': '{}', 'apps/web/package-lock.json': '{}' });
    mkdirSync(join(root, 'docs'));
    expect(findPackageManager(join(root, 'apps/web'))).toMatchObject({ program: 'pnpm', folder: join(root, 'apps/web') });
    expect(findPackageManager(join(root, 'docs'))).toMatchObject({ program: 'pnpm', folder: root });
    expect(findPackageManager(join(root, 'docs')).uninstall('a')).toEqual(['remove', '--workspace-root', 'a']);
  });

  it('installs for nobody where there is no package.json', () => {
    expect(() => findPackageManager(root)).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
  });
});
