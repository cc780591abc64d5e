import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { AppError } from '@kb-labs/errors';

import type { HostEnv } from '../process-tree/base-env.js';
import { TOKEN_VARIABLE } from '../process-tree/tree-token.js';
import { carryIn } from './carry-in.js';
import type { ConfinedProgram, Confinement, InnerProgram } from './confinement.js';
import { containerArgs, envName } from './container-args.js';
import { ask, type ContainerProgram, findContainerProgram } from './container-program.js';
import type { ContainerSettings } from './container-settings.js';
import { filterFile } from './filter-file.js';
import { ownerName } from './owner.js';
import { planMounts } from './room-mounts.js';

export interface ContainerDeps {
  /** The engine's environment: `PATH`, and what Podman and Docker read of it. */
  readonly hostEnv: HostEnv;
  /** Folders that nobody inside may see, beside `.kb/state` of the workspace: the engine's state where it is elsewhere. */
  readonly hidden?: readonly string[];
}

const GONE_LOOK_MS = 50;
const GONE_TRIES = 40;
const HOME = '/tmp';
/** Both programs hand these on by themselves, from the engine's environment or from a file of their own. */
const PROXIES = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy'].flatMap((name) => [name, name.toUpperCase()]);

/**
 * Rooms that are containers: `podman run` or `docker run` of an image that is here, from its digest, with what the room names and nothing
 * else of the machine. The image brings `sh`, and `node` for handlers. Its root is read-only; `/tmp` is memory and home. Files written to the
 * workspace belong to the engine's user. A room with a network has the one that is the default of the program.
 */
export function container(settings: ContainerSettings, { hidden = [], hostEnv }: ContainerDeps): Confinement {
  return {
    async wrap(inner, room) {
      const found = await findContainerProgram(settings, hostEnv);
      if (!found.ok) throw new AppError('TARGET_NOT_AVAILABLE', { target: 'a container', problem: found.problem });
      const { program } = found;
      const name = `kb-${randomBytes(12).toString('hex')}`;
      const carried = carry(inner, hostEnv);
      const mounts = await planMounts(room, hidden, 'a container');
      // They are told to end by the name of the container. With the token, they would be found and told a second time.
      const envNames = Object.keys(carried.env).filter((each) => each !== TOKEN_VARIABLE);
      const filter = program.filter === undefined ? {} : { filter: filterFile('container.json', program.filter) };
      const args = containerArgs(inner, room, { ...filter, name, owner: ownerName(), settings, program, mounts, envNames, command: carried.args });
      return {
        program: program.path,
        args,
        cwd: '/',
        env: { ...program.env, ...carried.env },
        terminate: () => terminate(program, name),
        end: () => remove(program, name),
        inside: (next) => Promise.resolve(within(program, name, next, hostEnv)),
      };
    },
  };
}

/**
 * Sends TERM to the program of a container, and answers whether there was one. Podman hands on what it is sent itself only from a moment
 * after the start of the program: TERM ends it in that moment, or is lost.
 */
async function terminate(program: ContainerProgram, name: string): Promise<boolean> {
  return ask(program, ['kill', '--signal', 'TERM', name]).then(
    () => true,
    () => false,
  );
}

/** Removes a container, however far its start or end has come, and waits until it is gone. Fails when it is not, after some seconds. */
export async function remove(program: ContainerProgram, name: string): Promise<void> {
  const force = program.kind === 'podman' ? ['rm', '--force', '--time', '0', '--ignore', name] : ['rm', '--force', name];
  for (let tries = 0; tries < GONE_TRIES; tries += 1) {
    await ask(program, force).catch(() => undefined);
    if (!(await exists(program, name))) return;
    await delay(GONE_LOOK_MS);
  }
  throw new Error(`the container ${name} could not be removed`);
}

async function exists(program: ContainerProgram, name: string): Promise<boolean> {
  const found = await ask(program, ['ps', '--all', '--quiet', '--filter', `name=^${name}$`]).catch(() => 'unknown');
  return found !== '';
}

/** Ends with the container at the latest. Its processes are found by their token, or by the id it leaves for `end`. */
function within(program: ContainerProgram, name: string, inner: InnerProgram, hostEnv: HostEnv): ConfinedProgram {
  const mark = `/tmp/.kb-${randomBytes(8).toString('hex')}`;
  const { args, env } = carry(inner, hostEnv, [`echo "$$" > ${mark}`]);
  const names = [...new Set([...Object.keys(env), TOKEN_VARIABLE])];
  const end = `if read -r id < ${mark}; then rm -f ${mark}; kill -KILL -- "-$id"; kill -KILL "$id"; fi 2>/dev/null; true`;
  return {
    program: program.path,
    args: ['exec', '--interactive', ...names.flatMap((each) => ['--env', envName(each)]), '--workdir', inner.cwd, name, ...args],
    cwd: '/',
    env: { ...program.env, ...env },
    end: async () => void (await ask(program, ['exec', name, 'sh', '-c', end]).catch(() => undefined)),
    inside: (next) => Promise.resolve(within(program, name, next, hostEnv)),
  };
}

function carry(inner: InnerProgram, hostEnv: HostEnv, before: readonly string[] = []): ReturnType<typeof carryIn> {
  const isNode = inner.program === process.execPath;
  const env = insideEnv(inner.env, hostEnv);
  const forgotten = PROXIES.filter((name) => env[name] === undefined);
  return carryIn({ ...inner, program: isNode ? 'node' : inner.program, env }, {
    before: ['ulimit -c 0', `unset ${forgotten.join(' ')}`, ...before],
    after: isNode ? ['command -v node >/dev/null || { echo "the image has no node, which a handler needs" >&2; exit 127; }'] : [],
  });
}

/** Where programs are found, and where files may be written, is the image's own affair, unless the document says otherwise. */
function insideEnv(env: InnerProgram['env'], hostEnv: HostEnv): Record<string, string> {
  const kept = Object.entries(env).filter(([name, value]) => !['PATH', 'HOME', 'TMPDIR'].includes(name) || value !== hostEnv[name]);
  return { HOME, ...Object.fromEntries(kept) };
}
