import { FatalError, type PluginContext } from '@kb-labs/sdk';

/** What a build reads of a package.json. Anything of another shape counts as not there. */
export interface Package {
  /** Relative to the workspace; `.` is the workspace itself. */
  readonly folder: string;
  readonly name: string;
  readonly scripts: ReadonlySet<string>;
  /** Names of everything it depends on, in whatever way. */
  readonly dependsOn: ReadonlySet<string>;
  /** Of dependencies that an installation brings. */
  readonly hasDependencies: boolean;
  readonly workspaces: readonly string[];
  /** `packageManager`, or what `devEngines` says. */
  readonly manager?: string;
}

const MAX_BYTES = 1024 * 1024;
const INSTALLED = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

export async function readPackage(fs: PluginContext['fs'], folder: string): Promise<Package | undefined> {
  const path = below(folder, 'package.json');
  if (!(await fs.exists(path))) return undefined;
  if ((await fs.stat(path)).bytes > MAX_BYTES) throw unreadable(path, 'it is larger than 1 MiB');
  return toPackage(folder, parse(path, await fs.readText(path)));
}

/** A path below a folder of the workspace, without `./` in front. */
export function below(folder: string, path: string): string {
  return folder === '.' ? path : `${folder}/${path}`;
}

function parse(path: string, text: string): Readonly<Record<string, unknown>> {
  try {
    // Some editors leave a mark of the byte order.
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (isObject(value)) return value;
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error));
  }
  throw unreadable(path, 'it holds no object');
}

function toPackage(folder: string, written: Readonly<Record<string, unknown>>): Package {
  const { name, workspaces } = written;
  const manager = managerOf(written);
  const patterns = isObject(workspaces) ? workspaces['packages'] : workspaces;
  return {
    folder,
    name: typeof name === 'string' && name !== '' ? name : folder,
    scripts: new Set(Object.entries(objectOf(written['scripts'])).filter(([, script]) => typeof script === 'string').map(([script]) => script)),
    dependsOn: new Set([...INSTALLED, 'peerDependencies'].flatMap((kind) => Object.keys(objectOf(written[kind])))),
    hasDependencies: INSTALLED.some((kind) => Object.keys(objectOf(written[kind])).length > 0),
    workspaces: Array.isArray(patterns) ? patterns.filter((pattern) => typeof pattern === 'string') : [],
    ...(manager === undefined ? {} : { manager }),
  };
}

function managerOf(written: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof written['packageManager'] === 'string') return written['packageManager'];
  const engine = objectOf(written['devEngines'])['packageManager'];
  const { name, version } = objectOf(Array.isArray(engine) ? engine[0] : engine);
  if (typeof name !== 'string') return undefined;
  return typeof version === 'string' ? `${name}@${version.replace(/^[^\d]*/, '')}` : name;
}

function unreadable(path: string, why: string): FatalError {
  return new FatalError(`${path} cannot be read: ${why}`, { code: 'PACKAGE_UNREADABLE', details: { path } });
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
