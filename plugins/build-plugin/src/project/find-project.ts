import { FatalError, type PluginContext } from '@kb-labs/sdk';

import { type Manager, MANAGERS, type ManagerName } from './manager.js';
import { below, type Package, readPackage } from './read-package.js';

type Files = PluginContext['fs'];

export interface Project {
  /** The package in the folder asked for. */
  readonly package: Package;
  /** The package next to the lockfile: the same, or the root of the workspace it belongs to. */
  readonly root: Package;
  readonly manager: Manager;
  /** Relative to the workspace of the step. */
  readonly lockfile?: string;
}

const LOCKFILES: Readonly<Record<string, ManagerName>> = {
  'package-lock.json': 'npm',
  'npm-shrinkwrap.json': 'npm',
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
};

/**
 * The project of a folder, by the nearest folder from there up to the workspace that says how it is installed: by
 * `packageManager`, a lockfile, or a workspace. Where nothing says anything it is npm, as for Node itself.
 */
export async function findProject(fs: Files, folder: string, asked?: ManagerName): Promise<Project> {
  const start = normal(folder);
  const own = await readPackage(fs, start);
  if (own === undefined) {
    throw new FatalError(`there is no package.json in ${start === '.' ? 'the workspace' : start}`, { code: 'NO_PROJECT', hint: 'name the folder of the project with "folder"' });
  }
  for (let at = start; ; at = parentOf(at)) {
    const found = at === start ? own : await readPackage(fs, at);
    const signs = await signsOf(fs, at);
    const decides = signs.lockfiles.length > 0 || signs.pnpmWorkspace || (found !== undefined && (found.manager !== undefined || found.workspaces.length > 0));
    // A lockfile without a package.json is a leftover, a workspace of pnpm needs none.
    if (decides && (found !== undefined || signs.pnpmWorkspace)) return toProject(fs, own, { root: found ?? rootless(at), signs, asked });
    if (at === '.') return toProject(fs, own, { root: own, signs: { lockfiles: [], pnpmWorkspace: false }, asked });
  }
}

interface Signs {
  readonly lockfiles: readonly string[];
  readonly pnpmWorkspace: boolean;
}

async function signsOf(fs: Files, folder: string): Promise<Signs> {
  const lockfiles: string[] = [];
  for (const name of Object.keys(LOCKFILES)) if (await fs.exists(below(folder, name))) lockfiles.push(name);
  return { lockfiles, pnpmWorkspace: await fs.exists(below(folder, 'pnpm-workspace.yaml')) };
}

function rootless(folder: string): Package {
  return { folder, name: folder, scripts: new Set(), dependsOn: new Set(), hasDependencies: false, workspaces: [] };
}

async function toProject(fs: Files, own: Package, { root, signs, asked }: { root: Package; signs: Signs; asked: ManagerName | undefined }): Promise<Project> {
  const name = asked ?? named(root) ?? bySigns(signs) ?? 'npm';
  const lockfile = signs.lockfiles.find((file) => LOCKFILES[file] === name);
  return {
    package: own,
    root,
    manager: name === 'yarn' ? await yarnOf(fs, root, asked === undefined) : { name, berry: false, program: name },
    ...(lockfile === undefined ? {} : { lockfile: below(root.folder, lockfile) }),
  };
}

function named({ manager, folder }: Package): ManagerName | undefined {
  if (manager === undefined) return undefined;
  const [name = ''] = manager.split('@');
  const known = MANAGERS.find((one) => one === name);
  if (known !== undefined) return known;
  throw new FatalError(`${below(folder, 'package.json')} names a package manager that is not known here: ${JSON.stringify(manager.slice(0, 100))}`, {
    code: 'UNKNOWN_MANAGER',
    hint: `known are ${MANAGERS.join(', ')}; the input "manager" overrides what the project says`,
  });
}

function bySigns({ lockfiles, pnpmWorkspace }: Signs): ManagerName | undefined {
  const [only, ...others] = new Set([...lockfiles.flatMap((file) => LOCKFILES[file] ?? []), ...(pnpmWorkspace ? ['pnpm' as const] : [])]);
  if (others.length === 0) return only;
  throw new FatalError(`the project has lockfiles of several package managers: ${lockfiles.join(', ')}`, {
    code: 'AMBIGUOUS_MANAGER',
    hint: 'remove those that are not used, or write "packageManager" into package.json',
  });
}

/** Yarn 1 and its successors share a name and little else. A yarn that the project carries with it is started by node. */
async function yarnOf(fs: Files, root: Package, byField: boolean): Promise<Manager> {
  const [settings, classicSettings, lock] = await Promise.all(['.yarnrc.yml', '.yarnrc', 'yarn.lock'].map((file) => textOf(fs, below(root.folder, file))));
  const major = byField ? /^yarn@(\d+)/.exec(root.manager ?? '')?.[1] : undefined;
  const berry = major === undefined ? settings !== undefined || lock?.includes('\n__metadata:') === true : Number(major) > 1;
  const carried = (berry ? /^yarnPath:\s*["']?([^\s"'#]+)/m.exec(settings ?? '') : /^yarn-path\s+"?([^\s"]+)/m.exec(classicSettings ?? ''))?.[1];
  if (carried === undefined) return { name: 'yarn', berry, program: 'yarn' };
  const path = below(root.folder, normal(carried));
  if (!(await fs.exists(path))) {
    throw new FatalError(`the project carries its own yarn at ${path}, which is not there`, { code: 'MANAGER_NOT_FOUND', hint: 'commit it, or take its path out of the settings of yarn' });
  }
  return { name: 'yarn', berry, program: 'node', carried: path };
}

async function textOf(fs: Files, path: string): Promise<string | undefined> {
  return (await fs.exists(path)) ? fs.readText(path) : undefined;
}

/** Without `.` and doubled slashes. What leads out is refused where the files are read. */
function normal(folder: string): string {
  const parts = folder.split('/').filter((part) => part !== '' && part !== '.');
  if (folder.startsWith('/') || parts.includes('..')) {
    throw new FatalError(`${JSON.stringify(folder)} is not a path below the workspace`, { code: 'INPUT_INVALID' });
  }
  return parts.length === 0 ? '.' : parts.join('/');
}

function parentOf(folder: string): string {
  const slash = folder.lastIndexOf('/');
  return slash === -1 ? '.' : folder.slice(0, slash);
}
