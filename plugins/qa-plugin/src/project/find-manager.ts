import { FatalError, type PluginContext } from '@kb-labs/sdk';

import { readText } from './read-text.js';

const MANAGERS = ['npm', 'pnpm', 'yarn', 'bun'] as const;
type ManagerName = (typeof MANAGERS)[number];

export interface Manager {
  readonly name: ManagerName;
  readonly program: string;
  /** What stands before all other arguments: a yarn that is a file of the project. */
  readonly prefix: readonly string[];
}

const LOCKFILES: readonly (readonly [string, ManagerName])[] = [
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['pnpm-workspace.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
];

/** By the nearest folder upwards that says it: `packageManager`, then a lockfile. npm where nothing does. */
export async function findManager(ctx: Pick<PluginContext, 'fs' | 'workspace'>, folder: string): Promise<Manager> {
  for (let at = folder; ; at = parentOf(at)) {
    const below = (file: string): string => (at === '.' ? file : `${at}/${file}`);
    const name = named(await readText(ctx.fs, below('package.json'))) ?? (await byLockfile(ctx.fs, below));
    if (name === 'yarn') return yarnOf(ctx, below);
    if (name !== undefined) return { name, program: name, prefix: [] };
    if (at === '.') return { name: 'npm', program: 'npm', prefix: [] };
  }
}

/** Arguments that run a script of package.json with further ones. */
export function runArgs({ name, prefix }: Manager, script: string, args: readonly string[]): string[] {
  return [...prefix, 'run', script, ...(name === 'npm' && args.length > 0 ? ['--'] : []), ...args];
}

/** Arguments that start a program the project has installed, and never fetch it. */
export function execArgs({ name, prefix }: Manager, program: string, args: readonly string[]): string[] {
  switch (name) {
    case 'npm':
      return ['exec', '--no', '--', program, ...args];
    case 'pnpm':
      return ['exec', program, ...args];
    case 'yarn':
    case 'bun':
      return [...prefix, 'run', program, ...args];
  }
}

function named(text: string | undefined): ManagerName | undefined {
  const written = /"packageManager"\s*:\s*"([^"]*)"/.exec(text ?? '')?.[1];
  if (written === undefined) return undefined;
  const known = MANAGERS.find((name) => written === name || written.startsWith(`${name}@`));
  if (known !== undefined) return known;
  throw new FatalError(`package.json names a package manager that is not known here: ${JSON.stringify(written.slice(0, 100))}`, {
    code: 'UNKNOWN_MANAGER',
    hint: `known are ${MANAGERS.join(', ')}; with "commands" nothing has to be known`,
  });
}

async function byLockfile(fs: PluginContext['fs'], below: (file: string) => string): Promise<ManagerName | undefined> {
  const found = new Set<ManagerName>();
  for (const [file, name] of LOCKFILES) if (await fs.exists(below(file))) found.add(name);
  const [only, ...others] = found;
  if (others.length === 0) return only;
  throw new FatalError(`the project has lockfiles of several package managers: ${[...found].join(', ')}`, {
    code: 'AMBIGUOUS_MANAGER',
    hint: 'remove those that are not used, or write "packageManager" into package.json',
  });
}

async function yarnOf({ fs, workspace }: Pick<PluginContext, 'fs' | 'workspace'>, below: (file: string) => string): Promise<Manager> {
  const path =
    /^yarnPath:\s*["']?([^\s"'#]+)/m.exec((await readText(fs, below('.yarnrc.yml'))) ?? '')?.[1] ?? /^yarn-path\s+"?([^\s"]+)/m.exec((await readText(fs, below('.yarnrc'))) ?? '')?.[1];
  if (path === undefined || !(await fs.exists(below(path)))) return { name: 'yarn', program: 'yarn', prefix: [] };
  return { name: 'yarn', program: 'node', prefix: [`${workspace}/${below(path)}`] };
}

function parentOf(folder: string): string {
  const slash = folder.lastIndexOf('/');
  return slash === -1 ? '.' : folder.slice(0, slash);
}
