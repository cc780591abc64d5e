import { availableParallelism } from 'node:os';

import { LIMITS } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { InnerProgram, Room } from './confinement.js';
import type { ContainerProgram } from './container-program.js';
import type { ContainerSettings } from './container-settings.js';
import { OWNER_LABEL } from './owner.js';
import type { Mount } from './room-mounts.js';

export interface ContainerShape {
  readonly name: string;
  readonly owner: string;
  readonly settings: ContainerSettings;
  readonly program: Pick<ContainerProgram, 'kind' | 'user'>;
  /** The file of `ContainerProgram.filter`. */
  readonly filter?: string;
  readonly mounts: readonly Mount[];
  readonly envNames: readonly string[];
  /** What is run inside, its program first. */
  readonly command: readonly string[];
}

const GiB = 1_073_741_824;
const DEFAULTS = { memoryBytes: GiB, pids: 512, cpus: 2 };
const TEMPORARY_BYTES = GiB;
const HIDDEN_BYTES = 65_536;
const IMAGE_ID = /^sha256:[a-f0-9]{64}$/;
const LABEL_NAME = /^[a-z][a-z0-9-]{0,63}$/;
const LABEL_LENGTH = 200;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Both programs read a mount as a line of values with commas. */
const NOT_IN_MOUNTS = /[\u0000-\u001f\u007f,:"\\]/;

/**
 * Arguments of `podman run` and `docker run`. What a document has a say in comes first, as checked values of the options named
 * here; what holds for each container comes last, where nothing can take it back.
 */
export function containerArgs({ cwd }: Pick<InnerProgram, 'cwd'>, room: Room, shape: ContainerShape): string[] {
  const { command, envNames, filter, mounts, name, owner, program } = shape;
  const [entry = '', ...rest] = command;
  return [
    'run',
    ...['--name', name, '--label', `${OWNER_LABEL}=${owner}`],
    ...Object.entries(room.labels).flatMap(([key, value]) => ['--label', label(key, value)]),
    ...['--workdir', mountable(cwd)],
    ...mounts.flatMap((mount) => mountArgs(mount, program.kind)),
    ...envNames.flatMap((each) => ['--env', envName(each)]),
    ...limitArgs(room.limits, shape.settings),
    ...(room.network ? [] : ['--network', 'none']),
    ...program.user,
    // Without a log of its own, which would keep on disk what the step says; and without the proxies of the engine.
    ...['--rm', '--interactive', '--init', '--pull', 'never', '--log-driver', 'none', '--no-healthcheck', '--hostname', 'kb-container'],
    ...(program.kind === 'podman' ? ['--http-proxy=false', '--image-volume', 'ignore'] : []),
    ...['--tmpfs', `/tmp:rw,exec,nosuid,nodev,mode=1777,size=${String(TEMPORARY_BYTES)}${emptiness(program.kind)}`],
    ...['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ...(filter === undefined ? [] : ['--security-opt', `seccomp=${filter}`]),
    ...['--entrypoint', entry, imageId(room.image)],
    ...rest,
  ];
}

function limitArgs(limits: Room['limits'], settings: ContainerSettings): string[] {
  const memory = limit('memory', limits.memoryBytes ?? settings.memoryBytes ?? DEFAULTS.memoryBytes, LIMITS.targetMemoryMinBytes);
  const pids = limit('pids', limits.pids ?? settings.pids ?? DEFAULTS.pids, 8);
  const cpus = Math.min(amount('cpus', limits.cpus ?? settings.cpus ?? DEFAULTS.cpus, 0.1), availableParallelism());
  return ['--memory', String(memory), '--memory-swap', String(memory), '--pids-limit', String(pids), '--cpus', String(Math.round(cpus * 100) / 100)];
}

function limit(what: string, value: number, least: number): number {
  return Math.trunc(amount(what, value, least));
}

function amount(what: string, value: number, least: number): number {
  if (!Number.isFinite(value) || value < least || value > Number.MAX_SAFE_INTEGER) throw refused(`${what} cannot be ${String(value)}`);
  return value;
}

function mountArgs({ kind, path, source }: Mount, program: ContainerProgram['kind']): string[] {
  if (kind === 'empty') return ['--mount', `type=tmpfs,target=${mountable(path)},tmpfs-size=${String(HIDDEN_BYTES)},tmpfs-mode=0500${emptiness(program)}`];
  return ['--mount', `type=bind,source=${mountable(source)},target=${mountable(path)}${kind === 'read' ? ',readonly' : ''}`];
}

/** Podman fills a file system in memory with what it covers, unless it is told not to. */
function emptiness(program: ContainerProgram['kind']): string {
  return program === 'podman' ? ',notmpcopyup' : '';
}

function mountable(path: string): string {
  if (!path.startsWith('/') || NOT_IN_MOUNTS.test(path)) throw refused(`${JSON.stringify(path)} cannot be shown inside`);
  return path;
}

export function envName(name: string): string {
  if (!ENV_NAME.test(name)) throw refused(`${JSON.stringify(name)} cannot be the name of an environment variable`);
  return name;
}

function label(key: string, value: string): string {
  if (!LABEL_NAME.test(key) || key === 'owner') throw refused(`${JSON.stringify(key)} cannot be the name of a label`);
  return `dev.kb-labs.${key}=${value.slice(0, LABEL_LENGTH).replace(/[^\w .:/@-]/g, '_')}`;
}

function imageId(image: string | undefined): string {
  if (image === undefined || !IMAGE_ID.test(image)) throw refused(`${JSON.stringify(image ?? '')} is no image id`);
  return image;
}

function refused(problem: string): AppError {
  return new AppError('TARGET_NOT_AVAILABLE', { target: 'a container', problem });
}
