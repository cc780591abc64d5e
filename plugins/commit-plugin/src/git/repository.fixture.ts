import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { testContext, type TestContext } from '@kb-labs/sdk/testing';

/** A real repository in a folder of its own, with the settings of a user who changed many. */
export interface Repository {
  readonly root: string;
  readonly git: (...args: string[]) => string;
  readonly write: (path: string, content: string | Uint8Array) => void;
  /** A program that leaves the named file in `canaries` when it is started, and passes its input on. */
  readonly canary: (name: string) => string;
  readonly commit: (message?: string) => string;
  /** A context for one step that works here. */
  readonly ctx: (options?: Parameters<typeof testContext>[0]) => TestContext;
  readonly dispose: () => void;
}

/** What git reads besides the repository: nothing of the machine the tests run on. */
const ENV = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };

let steps = 0;
let commits = 0;

export function makeRepository(options: { readonly identity?: boolean } = {}): Repository {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'commit-plugin-')));
  const root = join(folder, 'repo');
  mkdirSync(join(folder, 'canaries'));
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', env: { PATH: process.env['PATH'], ...ENV }, stdio: ['ignore', 'pipe', 'pipe'] });
  const write: Repository['write'] = (path, content) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  mkdirSync(root);
  git('init', '--quiet', '--initial-branch=main');
  if (options.identity !== false) {
    git('config', 'user.name', 'Ann');
    git('config', 'user.email', 'ann@example.org');
  }
  return {
    root,
    git,
    write,
    canary: (name) => {
      const file = join(folder, `${name}.sh`);
      writeFileSync(file, `#!/bin/sh\n: > '${join(folder, 'canaries', name)}'\nexec cat "$@"\n`);
      chmodSync(file, 0o755);
      return file;
    },
    commit: (message = 'change') => {
      git('add', '--all');
      // Two commits that say the same in the same second would be one.
      commits += 1;
      git('commit', '--quiet', '--allow-empty', `--message=${message} ${String(commits)}`);
      return git('rev-parse', 'HEAD').trim();
    },
    ctx: (overrides = {}) => {
      steps += 1;
      return testContext({ workspace: root, env: ENV, idempotencyKey: `step-${String(steps)}`, ...overrides });
    },
    dispose: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
