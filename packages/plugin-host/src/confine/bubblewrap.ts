import { spawnSync } from 'node:child_process';
import { isAbsolute, normalize } from 'node:path';

import { carryIn } from './carry-in.js';
import type { ConfinedProgram, Confinement, InnerProgram, Room } from './confinement.js';
import { filterFile } from './filter-file.js';
import { type Mount, planMounts } from './room-mounts.js';
import { seccompFilter } from './seccomp-filter.js';
import { nodeFolder, systemMounts } from './system-mounts.js';

export interface BubblewrapOptions {
  /** Absolute path of bubblewrap 0.8 or later, as `canSandbox` answers it. */
  readonly program: string;
  /** Folders that nobody inside may see, beside `.kb/state` of the workspace: the engine's state where it is elsewhere. */
  readonly hidden?: readonly string[];
}

const MiB = 1_048_576;
/** Files in memory count for nobody: without a bound they could take all of it. */
const TEMPORARY_BYTES = 1_024 * MiB;
const HOME_BYTES = 256 * MiB;
const SHARED_MEMORY_BYTES = 256 * MiB;
const HIDDEN_BYTES = 4_096;

/**
 * Rooms made of namespaces (bwrap(1)): processes, network, host name, users and mounts of their own, no capabilities, and a file
 * system that holds the system's programs, what the room names, and an empty home and `/tmp`. Everything inside ends with the
 * started program, and with the engine. A room with a network has all of it, this machine's own services included. Of the limits only
 * `pids` holds, and not for an engine that is root; memory has to be watched from outside.
 */
export function bubblewrap({ program, hidden = [] }: BubblewrapOptions): Confinement {
  const wrap = async (inner: InnerProgram, room: Room): Promise<ConfinedProgram> => {
    const mounts = await planMounts(room, hidden, 'a sandbox');
    const home = homeOf(inner.env['HOME']);
    const env = insideEnv(inner.env, home);
    const { args, env: carried } = carryIn({ ...inner, env }, { before: prelude(home, room.limits.pids), resetTerm: canResetTerm() });
    const command = [program, ...sandboxArgs({ home, mounts, network: room.network, cwd: inner.cwd }), '--', ...args];
    return { ...withFilter(command), cwd: '/', env: carried, inside: (next) => wrap(next, room) };
  };
  return { wrap };
}

/**
 * A shell hands the filter over by a descriptor, and becomes bubblewrap. All of a step is sent TERM, and bubblewrap would end by it at once,
 * and with it what is inside: it is made to ignore it, so that a program has the time that it has elsewhere.
 */
export function withFilter([program = '', ...args]: readonly string[]): { program: string; args: readonly string[] } {
  const spared = canResetTerm() ? "trap '' TERM; " : '';
  const filter = seccompFilter();
  if (filter === undefined) return { program: '/bin/sh', args: ['-c', `${spared}exec "$0" "$@"`, program, ...args] };
  return { program: '/bin/sh', args: ['-c', `${spared}exec "$@" 3<"$0"`, filterFile('sandbox', filter), program, '--seccomp', '3', ...args] };
}

let resetsTerm: boolean | undefined;

function canResetTerm(): boolean {
  resetsTerm ??= spawnSync('/usr/bin/env', ['--default-signal=TERM', 'true'], { stdio: 'ignore', env: {} }).status === 0;
  return resetsTerm;
}

export interface SandboxShape {
  readonly home: string;
  readonly mounts: readonly Mount[];
  readonly network: boolean;
  readonly cwd: string;
}

export function sandboxArgs({ cwd, home, mounts, network }: SandboxShape): string[] {
  return [
    ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...(network ? [] : ['--unshare-net']),
    // Whoever is root inside finds programs that refuse to run, and files that seem to be another's.
    ...['--disable-userns', '--uid', String(insideId()), '--gid', String(insideId()), '--cap-drop', 'ALL'],
    ...['--hostname', 'kb-sandbox', '--new-session', '--die-with-parent'],
    ...['--size', String(TEMPORARY_BYTES), '--perms', '1777', '--tmpfs', '/tmp'],
    ...['--size', String(HOME_BYTES), '--perms', '0700', '--tmpfs', home],
    ...systemMounts(network),
    // Parameters of the kernel that only root may set are open to a root without any capability.
    ...['--proc', '/proc', '--remount-ro', '/proc'],
    ...['--dev', '/dev', '--size', String(SHARED_MEMORY_BYTES), '--perms', '1777', '--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
    ...mounts.flatMap(mountArgs),
    ...['--remount-ro', '/', '--chdir', cwd],
  ];
}

function mountArgs({ kind, path, source }: Mount): string[] {
  switch (kind) {
    case 'read':
      return ['--ro-bind', source, path];
    case 'write':
      return ['--bind', source, path];
    case 'empty':
      return ['--size', String(HIDDEN_BYTES), '--perms', '0500', '--tmpfs', path];
  }
}

/** The user inside is who the engine is outside, under this number. */
function insideId(): number {
  const own = process.getuid?.() ?? 0;
  return own === 0 ? 1_000 : own;
}

function prelude(home: string, pids: number | undefined): string[] {
  const id = String(insideId());
  return [
    'ulimit -c 0',
    // bash has -u, dash and busybox have -p.
    ...(pids === undefined ? [] : [`{ ulimit -u ${count(pids)} || ulimit -p ${count(pids)}; } 2>/dev/null`]),
    `printf '%s\\n' 'kb:x:${id}:${id}::${/^[\w./-]+$/.test(home) ? home : '/tmp'}:/bin/sh' > /etc/passwd`,
    `printf '%s\\n' 'kb:x:${id}:' > /etc/group`,
  ];
}

function count(value: number): string {
  return String(Math.max(1, Math.trunc(Number.isFinite(value) ? value : 1)));
}

/** The home and the folder for temporary files are those of the room, and this Node is found by its name. */
function insideEnv(env: InnerProgram['env'], home: string): Record<string, string> {
  const { HOME, PATH, TMPDIR, ...rest } = env;
  const node = nodeFolder();
  return {
    ...rest,
    ...(PATH === undefined ? {} : { PATH: node === undefined ? PATH : `${PATH}:${node}` }),
    ...(HOME === undefined ? {} : { HOME: home }),
    ...(TMPDIR === undefined ? {} : { TMPDIR: '/tmp' }),
  };
}

/** Where the empty home is: what the environment says, unless nothing can be mounted there. */
function homeOf(home: string | undefined): string {
  const isUsable = home !== undefined && isAbsolute(home) && home !== '/' && normalize(home) === home && !home.endsWith('/') && !home.includes('\0');
  return isUsable && !/^\/(?:tmp|proc|dev|sys)(?:\/|$)/.test(home) ? home : '/tmp/home';
}
