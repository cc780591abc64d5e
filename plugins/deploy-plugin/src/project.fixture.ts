import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { testContext, type TestContext } from '@kb-labs/sdk/testing';
import { expect } from 'vitest';
import type { z } from 'zod';

import push from './deploy/push.js';
import rollback from './deploy/rollback.js';
import { pushCommand, rollbackCommand } from './plugin.js';

/** The release program is run from its sources here: an import of `./x.js` next to an `x.ts` means the latter. */
const LOADER = `
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
registerHooks({ resolve(specifier, context, next) {
  if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.startsWith('file:')) {
    const source = new URL(specifier.replace(/js$/, 'ts'), context.parentURL);
    if (existsSync(fileURLToPath(source))) return next(source.href, context);
  }
  return next(specifier, context);
} });`;

/** What programs of a step see: this Node, sources that it can run, and nothing of git's settings on this machine. */
export const PROGRAM_ENV = {
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
  NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=data:text/javascript,${encodeURIComponent(LOADER)}`,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
};

type PushInput = z.input<typeof pushCommand.input>;
type RollbackInput = z.input<typeof rollbackCommand.input>;

/** A workspace with something built in `dist`, and a place beside it to deploy to. */
export interface Project {
  readonly workspace: string;
  readonly site: string;
  readonly folder: string;
  readonly write: (path: string, content: string) => void;
  readonly ctx: (options?: Parameters<typeof testContext>[0]) => TestContext;
  /** By the handlers, with input and output checked against the schemas. */
  readonly push: (input: PushInput, ctx?: TestContext) => ReturnType<typeof push>;
  readonly rollback: (input: RollbackInput, ctx?: TestContext) => ReturnType<typeof rollback>;
  readonly git: (...args: string[]) => string;
  readonly dispose: () => void;
}

let steps = 0;

export function makeProject(): Project {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'deploy-plugin-')));
  const [workspace, site] = [join(folder, 'work space'), join(folder, 'site')];
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), content);
  };
  write('dist/index.html', 'one');
  write('dist/assets/deep/a b.js', 'code');
  write('dist/run.sh', '#!/bin/sh\n');
  chmodSync(join(workspace, 'dist/run.sh'), 0o755);
  symlinkSync('assets/deep', join(workspace, 'dist/latest'));
  const ctx: Project['ctx'] = (options = {}) => {
    steps += 1;
    return testContext({ workspace, idempotencyKey: `step-${String(steps)}`, ...options, env: { ...PROGRAM_ENV, ...options.env } });
  };
  return {
    workspace,
    site,
    folder,
    write,
    ctx,
    push: async (input, used = ctx()) => {
      const result = await push(pushCommand.input.parse(input), used);
      expect(pushCommand.output.parse(result)).toEqual(result);
      return result;
    },
    rollback: async (input, used = ctx()) => {
      const result = await rollback(rollbackCommand.input.parse(input), used);
      expect(rollbackCommand.output.parse(result)).toEqual(result);
      return result;
    },
    git: (...args) => execFileSync('git', args, { cwd: workspace, encoding: 'utf8', env: { ...process.env, ...PROGRAM_ENV, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'pipe'] }),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** All that is in a folder: `path: content`, with permissions of files and where links lead. */
export function treeOf(folder: string, below = ''): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const name of readdirSync(join(folder, below)).sort()) {
    const path = below === '' ? name : `${below}/${name}`;
    const found = lstatSync(join(folder, path));
    if (found.isDirectory()) Object.assign(tree, treeOf(folder, path));
    else tree[path] = found.isSymbolicLink() ? `-> ${readlinkSync(join(folder, path))}` : `${(found.mode & 0o777).toString(8)} ${readFileSync(join(folder, path), 'utf8')}`;
  }
  return tree;
}

export const BUILT = { 'assets/deep/a b.js': '644 code', 'index.html': '644 one', latest: '-> assets/deep', 'run.sh': '755 #!/bin/sh\n' };
