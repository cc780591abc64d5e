import { statSync } from 'node:fs';

/** Why a program is not running. */
export interface NotStarted {
  readonly kind: 'not-started';
  readonly reason: 'aborted' | 'program-missing' | 'program-refused' | 'folder-missing' | 'environment' | 'machine';
  /** A sentence for people, without a full stop. */
  readonly problem: string;
  readonly hint?: string;
  /** Whether the same can succeed later: the machine was short of something. */
  readonly temporary: boolean;
}

interface Request {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What cannot be handed to any program, found before the start. */
export function findUnusable({ args, cwd, env, program, signal }: Request): NotStarted | undefined {
  if (signal.aborted) return refusal('aborted', 'the step was ended before the program started');
  for (const [name, value] of Object.entries(env)) {
    if (name === '' || name.includes('=') || name.includes('\0')) {
      return refusal('environment', `${JSON.stringify(name)} cannot be the name of an environment variable`);
    }
    if (value.includes('\0')) return refusal('environment', `the value of ${name} holds a NUL character, which no environment can hold`);
  }
  if ([program, cwd, ...args].some((text) => text.includes('\0'))) {
    return refusal('environment', `an argument of ${JSON.stringify(program)} holds a NUL character, which no program can be given`);
  }
  return undefined;
}

/** What the system's refusal to start a program means (execve(2), fork(2)). */
export function explainNotStarted({ program, cwd, env }: Request, thrown: unknown): NotStarted {
  const code = thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) return refusal('folder-missing', `the folder ${cwd} does not exist`);
      return refusal('program-missing', `${program} was not found`, 'install it where the worker runs, or check the PATH the step declares');
    case 'EACCES':
    case 'EPERM':
    case 'ENOEXEC':
      return refusal('program-refused', `${program} may not be executed, or the folder ${cwd} not be entered`);
    case 'E2BIG':
      return refusal('environment', `the environment of ${program} is larger than the system accepts: ${largest(env)}`, 'write large values to a file and pass its path');
    case 'EAGAIN':
    case 'ENOMEM':
    case 'EMFILE':
    case 'ENFILE':
      return { ...refusal('machine', `${program} could not be started, the machine is short of memory, processes or files (${code})`), temporary: true };
    default:
      return refusal('machine', `${program} could not be started: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

function refusal(reason: NotStarted['reason'], problem: string, hint?: string): NotStarted {
  return { kind: 'not-started', reason, problem, temporary: false, ...(hint === undefined ? {} : { hint }) };
}

function largest(env: Readonly<Record<string, string>>): string {
  const sizes = Object.entries(env).map(([name, value]) => ({ name, bytes: Buffer.byteLength(value) }));
  const [first] = sizes.sort((a, b) => b.bytes - a.bytes);
  return first === undefined ? 'it is empty' : `${first.name} takes ${String(first.bytes)} bytes`;
}
