import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { promisify } from 'node:util';

import type { HostEnv } from '../process-tree/base-env.js';
import { narrowerFilter } from './container-filter.js';
import type { ContainerSettings } from './container-settings.js';
import { findProgram } from './find-program.js';

/** Podman or Docker, tried. */
export interface ContainerProgram {
  readonly kind: 'podman' | 'docker';
  readonly path: string;
  /** All of its own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Arguments of `run` by which the process inside is nobody's root, and what it writes belongs to the engine's user. */
  readonly user: readonly string[];
  /** A filter for system calls that is narrower than Podman's own. Docker's own is as narrow. */
  readonly filter?: string;
}

export type ContainerAnswer = { readonly ok: true; readonly program: ContainerProgram } | { readonly ok: false; readonly problem: string };

/** What Podman and Docker read to find their storage, registries and daemon. Nothing that a document sets is among it. */
const OWN_ENV = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'TMPDIR', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'DBUS_SESSION_BUS_ADDRESS'],
  ...['CONTAINERS_CONF', 'CONTAINERS_STORAGE_CONF', 'CONTAINERS_REGISTRIES_CONF', 'REGISTRY_AUTH_FILE', 'CONTAINER_HOST', 'CONTAINER_CONNECTION', 'CONTAINER_SSHKEY'],
  ...['STORAGE_DRIVER', 'STORAGE_OPTS', 'DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'SSH_AUTH_SOCK'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
];
const TRY_MS = 20_000;
const MAX_ANSWER_BYTES = 4_194_304;
/** The user inside, where the engine is root. */
const USER_ID = 1_000;
const FREE_IDS_FROM = 100_000;

const run = promisify(execFile);
const found = new Map<string, Promise<ContainerAnswer>>();

/** The program that containers are run with. Asked once; a failure is asked again, for a daemon can be started later. */
export async function findContainerProgram({ program }: Pick<ContainerSettings, 'program'>, hostEnv: HostEnv): Promise<ContainerAnswer> {
  const env = ownEnv(hostEnv);
  const key = JSON.stringify([program, env]);
  const known = found.get(key);
  if (known !== undefined) return known;
  const asked = tryPrograms(program === undefined ? ['podman', 'docker'] : [program], env);
  found.set(key, asked);
  const answer = await asked;
  if (!answer.ok) found.delete(key);
  return answer;
}

/** Runs one of its commands. Fails as `execFile` does, with what it said in `stderr`. */
export async function ask({ path, env }: Pick<ContainerProgram, 'path' | 'env'>, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const limits = signal === undefined ? { timeout: TRY_MS } : { signal };
  const { stdout } = await run(path, [...args], { env, cwd: '/', maxBuffer: MAX_ANSWER_BYTES, ...limits });
  return stdout.trim();
}

/** The last line that a failed command wrote: what the trouble is. */
export function problemOf(thrown: unknown): string {
  const said = thrown instanceof Error && 'stderr' in thrown ? String(thrown.stderr).trim().split('\n').at(-1) ?? '' : '';
  return said !== '' ? said : thrown instanceof Error ? thrown.message : String(thrown);
}

function ownEnv(hostEnv: HostEnv): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of OWN_ENV) {
    const value = hostEnv[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

async function tryPrograms(kinds: readonly ContainerProgram['kind'][], env: Record<string, string>): Promise<ContainerAnswer> {
  const problems: string[] = [];
  for (const kind of kinds) {
    const path = await findProgram(kind, env['PATH']);
    if (path === undefined) {
      problems.push(`${kind} is not installed`);
      continue;
    }
    try {
      const filter = kind === 'podman' ? await podmanFilter({ path, env }) : undefined;
      return { ok: true, program: { kind, path, env, user: await userArgs(kind, { path, env }), ...(filter === undefined ? {} : { filter }) } };
    } catch (thrown) {
      problems.push(`${kind} does not work: ${problemOf(thrown)}`);
    }
  }
  return { ok: false, problem: problems.join('; ') };
}

/** `undefined` where Podman is on another machine, or filters nothing: then the program decides. */
async function podmanFilter(program: Pick<ContainerProgram, 'path' | 'env'>): Promise<string | undefined> {
  const path = await ask(program, ['info', '--format', '{{.Host.Security.SECCOMPProfilePath}}']);
  const text = isAbsolute(path) ? await readFile(path, 'utf8').catch(() => '') : '';
  return narrowerFilter(text);
}

async function userArgs(kind: ContainerProgram['kind'], program: Pick<ContainerProgram, 'path' | 'env'>): Promise<string[]> {
  const user = process.getuid?.() ?? USER_ID;
  const group = process.getgid?.() ?? USER_ID;
  if (kind === 'docker') {
    const isRootless = (await ask(program, ['info', '--format', '{{.SecurityOptions}}'])).includes('name=rootless');
    // Its root is the one who runs it, without any power over the machine.
    if (isRootless) return ['--user', '0:0'];
    if (user === 0) throw new Error('an engine that is root would be root inside; run it as a user of its own, or with podman');
    return ['--user', `${String(user)}:${String(group)}`];
  }
  const isRootless = (await ask(program, ['info', '--format', '{{.Host.Security.Rootless}}'])) === 'true';
  if (isRootless) return ['--userns', 'keep-id', '--user', `${String(user)}:${String(group)}`];
  if (user !== 0) return ['--user', `${String(user)}:${String(group)}`];
  return [...['uidmap', 'gidmap'].flatMap(rootAsUser), '--user', `${String(USER_ID)}:${String(USER_ID)}`];
}

/** `USER_ID` inside is root outside, root inside is nobody outside; all others of the image are nobody as well. */
function rootAsUser(kind: string): string[] {
  const after = USER_ID + 1;
  return [
    ...[`--${kind}`, `0:${String(FREE_IDS_FROM)}:${String(USER_ID)}`],
    ...[`--${kind}`, `${String(USER_ID)}:0:1`],
    ...[`--${kind}`, `${String(after)}:${String(FREE_IDS_FROM + after)}:64535`],
  ];
}
