import type { InnerProgram } from './confinement.js';

export interface CarriedProgram {
  /** For the program that makes the room. All it is given is a name without a meaning for it. */
  readonly env: Readonly<Record<string, string>>;
  /** `sh -c …`, to be run inside: gives the environment its names back and becomes the program. */
  readonly args: readonly string[];
}

export interface CarryOptions {
  /** Lines of sh to run first, and after the environment is there. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** Has env(1) of GNU undo what the programs on the way do to be spared: they ignore TERM. */
  readonly resetTerm?: boolean;
}

/** The engine's own, which no document can set and no other program knows. */
const PLAIN = /^KB_[A-Z0-9_]+$/;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What sh or bash keeps for itself: assigning it fails or is forgotten. */
const OF_THE_SHELL = new Set(
  'BASHOPTS BASH_VERSINFO DIRSTACK EUID FUNCNAME GROUPS HISTCMD IFS LINENO OLDPWD OPTARG OPTIND PPID PS4 PWD RANDOM SECONDS SHELLOPTS SHLVL UID _'.split(' '),
);

/**
 * Takes a program and its environment through the programs that confine it. These run unconfined, and `LD_PRELOAD` or `DOCKER_HOST`
 * in their own environment would be obeyed by them; in their arguments, values could be read by everybody on the machine. So
 * they get the values under names made up here. Exits with 127 when the program is not there, with 126 when it is no program.
 */
export function carryIn({ program, args, env }: InnerProgram, { before = [], after = [], resetTerm = false }: CarryOptions = {}): CarriedProgram {
  const carried: Record<string, string> = {};
  const restored: string[] = [];
  const passed: Passed[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (PLAIN.test(name)) {
      carried[name] = value;
      continue;
    }
    const alias = `KBENV_${String(Object.keys(carried).length)}`;
    carried[alias] = value;
    if (IDENTIFIER.test(name) && !OF_THE_SHELL.has(name)) restored.push(`export ${name}="$${alias}"; unset ${alias}`);
    else passed.push({ name, alias });
  }
  // For env(1), what holds an equals sign is no program.
  const options = [...(resetTerm && !program.includes('=') ? ['--default-signal=TERM'] : []), ...byEnv(passed)];
  const start = options.length === 0 ? 'exec "$@"' : `exec /usr/bin/env ${options.join(' ')} "$@"`;
  return { env: carried, args: ['sh', '-c', [...before, ...restored, ...after, start].join('\n'), 'sh', program, ...args] };
}

interface Passed {
  readonly name: string;
  readonly alias: string;
}

/** Arguments of env(1): the names to the letter, the values from the variables, which go away. */
function byEnv(passed: readonly Passed[]): string[] {
  const forgotten = passed.map(({ alias }) => `-u ${alias}`);
  const set = passed.map(({ name, alias }) => `'${name.replaceAll("'", `'\\''`)}='"$${alias}"`);
  return [...forgotten, ...set];
}
