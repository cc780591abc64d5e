import { relative } from 'node:path';

import { FatalError, type PluginContext } from '@kb-labs/sdk';

import type { Project } from './find-project.js';
import { runManager } from './manager.js';
import { below, type Package, readPackage } from './read-package.js';

const MAX_PACKAGES = 5_000;

type ListContext = Pick<PluginContext, 'fs' | 'exec' | 'env' | 'workspace' | 'log'>;

/** The packages of the workspace whose root this is, without the root. Sorted by folder. */
export async function listPackages(ctx: ListContext, { root, manager }: Project): Promise<Package[]> {
  const pnpm = manager.name === 'pnpm' && (await ctx.fs.exists(below(root.folder, 'pnpm-workspace.yaml')));
  const folders = pnpm ? await askPnpm(ctx, { root, manager }) : await expand(ctx.fs, root);
  if (folders.length > MAX_PACKAGES) throw new FatalError(`the workspace has more than ${String(MAX_PACKAGES)} packages`, { code: 'TOO_MANY_PACKAGES' });
  const packages: Package[] = [];
  for (const folder of folders.sort()) {
    const found = await readPackage(ctx.fs, folder);
    if (found !== undefined) packages.push(found);
  }
  return packages;
}

/** What pnpm-workspace.yaml means is for pnpm to say. It prints absolute paths. */
async function askPnpm(ctx: ListContext, { root, manager }: Pick<Project, 'root' | 'manager'>): Promise<string[]> {
  const lines: string[] = [];
  const said: string[] = [];
  const exitCode = await runManager(ctx, manager, {
    args: ['list', '--recursive', '--depth', '-1', '--json'],
    folder: root.folder,
    onLine: (line, stream) => (stream === 'stdout' ? lines : said).push(line),
  });
  const listed = exitCode === 0 ? pathsIn(lines.join('\n')) : undefined;
  if (listed === undefined) throw new FatalError(`pnpm does not tell the packages of the workspace: ${[...said, ...lines].slice(-5).join(' ').slice(-1_000)}`, { code: 'WORKSPACE_UNREADABLE' });
  // The root is one of them where it has a package.json; else they are told from the workspace.
  const base = (await ctx.fs.exists(below(root.folder, 'package.json'))) ? shortest(listed) : `${ctx.workspace}/${root.folder}`;
  return listed.map((path) => relative(base, path)).filter((path) => path !== '' && !path.startsWith('..')).map((path) => below(root.folder, path.replaceAll('\\', '/')));
}

function pathsIn(json: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (!Array.isArray(value)) return undefined;
    return value.flatMap((entry: unknown) => (typeof entry === 'object' && entry !== null && 'path' in entry && typeof entry.path === 'string' ? [entry.path] : []));
  } catch {
    return undefined;
  }
}

function shortest(paths: readonly string[]): string {
  return paths.reduce((best, path) => (path.length < best.length ? path : best), paths[0] ?? '');
}

/** `workspaces` of npm, yarn and bun: globs of folders, of which a later `!glob` takes some out again. */
async function expand(fs: PluginContext['fs'], root: Package): Promise<string[]> {
  const found = new Set<string>();
  for (const written of root.workspaces.slice(0, 1_000)) {
    const excludes = written.startsWith('!');
    for (const pattern of alternatives(excludes ? written.slice(1) : written)) {
      const glob = pattern.replace(/^(?:\.?\/)+|\/+$/g, '');
      for (const path of await fs.list(below(root.folder, `${glob}/package.json`))) {
        const folder = path.slice(0, -'/package.json'.length);
        if (excludes) found.delete(folder);
        else if (!path.split('/').includes('node_modules')) found.add(folder);
      }
    }
  }
  return [...found];
}

/** `{a,b}`, which the globs of files do not know. What would be more than 256 stays as it is written. */
function alternatives(pattern: string): string[] {
  const patterns = [pattern];
  for (let at = 0; at < patterns.length; ) {
    const [, before = '', choices, after = ''] = /^([^{}]*)\{([^{}]*)\}(.*)$/s.exec(patterns[at] ?? '') ?? [];
    const chosen = choices?.split(',').map((choice) => `${before}${choice}${after}`) ?? [];
    if (chosen.length === 0 || patterns.length + chosen.length > 256) at += 1;
    else patterns.splice(at, 1, ...chosen);
  }
  return patterns;
}
