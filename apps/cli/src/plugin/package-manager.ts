import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { AppError } from '@kb-labs/errors';

import type { Terminal } from '../terminal/terminal.js';

/** How a project installs its packages. */
export interface PackageManager {
  readonly program: 'npm' | 'pnpm' | 'yarn';
  /** The folder with the package.json that is changed: the project's own, or the nearest above. */
  readonly folder: string;
  /** Arguments that install a package for development, without running any script of it. */
  install(spec: string): readonly string[];
  uninstall(name: string): readonly string[];
}

const LOCK_FILES = { 'pnpm-lock.yaml': 'pnpm', 'yarn.lock': 'yarn', 'package-lock.json': 'npm', 'npm-shrinkwrap.json': 'npm' } as const;

/** By `packageManager` of the nearest package.json that says it, else by the nearest lock file; npm when nothing tells. Fails with `USAGE` where there is no package.json. */
export function findPackageManager(projectRoot: string): PackageManager {
  const folders = [...upwards(projectRoot)];
  const folder = folders.find((candidate) => existsSync(join(candidate, 'package.json')));
  if (folder === undefined) {
    throw new AppError('USAGE', { problem: 'there is no package.json to install a package for' }, { hint: 'write one with "npm init --yes" in the folder of the project' });
  }
  const { program, version } = written(folders) ?? { program: byLockFile(folders) ?? 'npm', version: undefined };
  switch (program) {
    case 'npm':
      return { program, folder, install: (spec) => ['install', '--save-dev', '--ignore-scripts', '--no-audit', '--no-fund', '--', spec], uninstall: (name) => ['uninstall', '--ignore-scripts', '--', name] };
    case 'pnpm': {
      const atTop = existsSync(join(folder, 'pnpm-workspace.yaml')) ? ['--workspace-root'] : [];
      return { program, folder, install: (spec) => ['add', '--save-dev', '--ignore-scripts', ...atTop, spec], uninstall: (name) => ['remove', ...atTop, name] };
    }
    case 'yarn': {
      const isFirst = version === undefined ? !folders.some((candidate) => existsSync(join(candidate, '.yarnrc.yml'))) : version.startsWith('1.');
      const quiet = isFirst ? ['--ignore-scripts'] : ['--mode=skip-build'];
      return { program, folder, install: (spec) => ['add', '--dev', ...quiet, spec], uninstall: (name) => ['remove', ...quiet, name] };
    }
  }
}

/** Runs it in its folder; what it says goes to standard error. Fails with `PACKAGE_NOT_INSTALLED`. */
export async function runPackageManager({ program, folder }: PackageManager, args: readonly string[], about: { terminal: Terminal; name: string }): Promise<void> {
  const { terminal, name } = about;
  const failed = (problem: string, hint: string): AppError => new AppError('PACKAGE_NOT_INSTALLED', { program, package: name, problem }, { hint });
  terminal.note(terminal.errorStyle.dim(`${program} ${args.join(' ')}`));
  const child = spawn(program, args, { cwd: folder, env: { ...terminal.host.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => void terminal.host.stderr.write(chunk));
  const code = await new Promise<number>((done, fail) => {
    child.once('error', (error) => {
      fail(failed(error.message, `install ${program}, or install the package in your own way and run this again`));
    });
    child.once('close', (exit) => {
      done(exit ?? 1);
    });
  });
  if (code !== 0) throw failed(`it ended with ${String(code)}`, 'what it said is above');
}

function* upwards(from: string): Generator<string> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    yield folder;
    if (folder === dirname(folder)) return;
  }
}

function written(folders: readonly string[]): { program: PackageManager['program']; version: string | undefined } | undefined {
  for (const folder of folders) {
    const field = packageManagerOf(join(folder, 'package.json'));
    const [, program, version] = /^(npm|pnpm|yarn)(?:@([^+]+))?/.exec(field ?? '') ?? [];
    if (program === 'npm' || program === 'pnpm' || program === 'yarn') return { program, version };
  }
  return undefined;
}

function packageManagerOf(file: string): string | undefined {
  try {
    const described: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof described === 'object' && described !== null && 'packageManager' in described ? String(described.packageManager) : undefined;
  } catch {
    return undefined;
  }
}

function byLockFile(folders: readonly string[]): PackageManager['program'] | undefined {
  for (const folder of folders) {
    for (const [file, program] of Object.entries(LOCK_FILES)) if (existsSync(join(folder, file))) return program;
  }
  return undefined;
}
