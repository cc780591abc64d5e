import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { testContext, type TestContext, type TestContextOptions } from '@kb-labs/sdk/testing';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const TEXT = /\.(?:d\.[cm]?ts|[cm]?js|[cm]?ts|md)$/;
const LONG_AGO = new Date('2026-01-02T03:04:05Z');

/** What git reads besides the repository: nothing of the machine the tests run on. */
const GIT_ENV = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };

/** A repository in a folder of its own. Its files look as if nobody had touched them for long. */
export class Corpus {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'mind-plugin-')));

  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    for (const [path, content] of Object.entries(files)) this.write(path, content);
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.root, encoding: 'utf8', env: { PATH: process.env['PATH'], ...GIT_ENV }, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  init(): this {
    this.git('init', '--quiet', '--initial-branch=main');
    return this;
  }

  write(path: string, content: string | Uint8Array, at = LONG_AGO): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    utimesSync(file, at, at);
  }

  copy(from: string, path: string): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    copyFileSync(from, file);
    utimesSync(file, LONG_AGO, LONG_AGO);
  }

  ctx(options: TestContextOptions = {}): TestContext {
    return testContext({ workspace: this.root, env: GIT_ENV, ...options });
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** This repository's documents and sources, without what the questions themselves are written in. */
function ownFiles(): readonly string[] {
  const tops = ['README.md', 'AGENTS.md', 'CONTRIBUTING.md'];
  const folders = ['docs', ...['apps', 'packages', 'plugins'].flatMap((group) => readdirSync(join(REPOSITORY, group)).map((name) => `${group}/${name}`))];
  return [...tops, ...folders.flatMap((folder) => textsBelow(join(REPOSITORY, folder)).map((file) => relative(REPOSITORY, file)))].filter((path) => !path.startsWith('plugins/mind-plugin/')).sort();
}

/** Files of installed packages, `count` of them: the same ones wherever the same versions are installed. */
function installedFiles(count: number): readonly string[] {
  const store = join(REPOSITORY, 'node_modules/.pnpm');
  const folders = readdirSync(store, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  const files = folders.flatMap((folder) => textsBelow(join(store, folder), true));
  return files.map((file) => [orderOf(relative(store, file)), file] as const).sort(([one], [other]) => (one < other ? -1 : 1)).slice(0, count).map(([, file]) => file);
}

/** This repository among `installed` files of others. */
export function largeCorpus(installed: number): Corpus {
  const corpus = new Corpus();
  for (const path of ownFiles()) corpus.copy(join(REPOSITORY, path), path);
  const store = join(REPOSITORY, 'node_modules/.pnpm');
  // Under another name: what is called node_modules is passed over.
  for (const file of installedFiles(installed)) corpus.copy(file, `others/${relative(store, file).replaceAll('node_modules/', '')}`);
  return corpus.init();
}

function textsBelow(folder: string, inStore = false): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'dist' && !inStore ? [] : !inStore && entry.name === 'node_modules' ? [] : entry.name.startsWith('.') ? [] : textsBelow(path, inStore);
    return entry.isFile() && TEXT.test(entry.name) ? [path] : [];
  });
}

function orderOf(path: string): string {
  return createHash('sha256').update(path).digest('hex');
}
