import { FatalError, type PluginContext } from '@kb-labs/sdk';

import { LastLines } from './last-lines.js';
import type { Project } from './project/find-project.js';
import { installArgs, type Manager, runManager } from './project/manager.js';
import { below, type Package } from './project/read-package.js';

type InstallContext = Pick<PluginContext, 'fs' | 'exec' | 'env' | 'workspace' | 'log'>;

/** Installs what the lockfile says, when asked or needed. Returns whether it did. */
export async function installDependencies(ctx: InstallContext, project: Project, { mode, members }: { mode: 'auto' | 'always' | 'never'; members: readonly Package[] }): Promise<boolean> {
  if (mode === 'never') return false;
  if (mode === 'auto' && !(await isNeeded(ctx.fs, project, members))) return false;
  const { manager, root, lockfile } = project;
  if (lockfile === undefined) {
    throw new FatalError(`the dependencies are not installed, and there is no lockfile of ${manager.name} that says which versions`, {
      code: 'NO_LOCKFILE',
      hint: 'commit the lockfile, or install in an earlier step and say "install: never"',
    });
  }
  const args = installArgs(manager);
  ctx.log.info(`${manager.name} ${args.join(' ')}`);
  const last = new LastLines();
  const exitCode = await runManager(ctx, manager, {
    args,
    folder: root.folder,
    onLine: (line) => {
      last.add(line);
      ctx.log.info(line);
    },
  });
  if (exitCode === 0) return true;
  // Often the network: a step with a retry policy tries again.
  throw Object.assign(new Error(`${manager.name} ${args.join(' ')} ended with exit code ${String(exitCode)}: ${last.text()}`), {
    code: 'INSTALL_FAILED',
    details: { manager: manager.name, exitCode, lines: last.lines() },
  });
}

/** Files that an installation leaves, from which its time can be told. */
const MARKS: Readonly<Record<Manager['name'], readonly string[]>> = {
  npm: ['node_modules/.package-lock.json'],
  pnpm: ['node_modules/.modules.yaml'],
  yarn: ['node_modules/.yarn-integrity', 'node_modules/.yarn-state.yml', '.yarn/install-state.gz', '.pnp.cjs'],
  bun: ['node_modules'],
};

async function isNeeded(fs: PluginContext['fs'], { root, package: own, manager, lockfile }: Project, members: readonly Package[]): Promise<boolean> {
  const anything = [root, own, ...members].some(({ hasDependencies }) => hasDependencies);
  // Yarn 2 and later start a script only in a project they have installed.
  if (!anything && !manager.berry) return false;
  let installedAt: number | undefined;
  for (const mark of MARKS[manager.name]) {
    const at = await timeOf(fs, below(root.folder, mark));
    if (at !== undefined) installedAt = Math.max(installedAt ?? 0, at);
  }
  if (installedAt === undefined) return true;
  return lockfile !== undefined && installedAt < (await fs.stat(lockfile)).modifiedAt;
}

/** A link that leads out of the workspace was put there by somebody who shares an installation: that one is never too old. */
async function timeOf(fs: PluginContext['fs'], path: string): Promise<number | undefined> {
  try {
    return (await fs.exists(path)) ? (await fs.stat(path)).modifiedAt : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'PERMISSION_DENIED') return Number.POSITIVE_INFINITY;
    throw error;
  }
}
