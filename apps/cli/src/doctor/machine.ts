import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { type Check, fail, ok, warn } from './check.js';

const NODE_NEEDED = [22, 18] as const;

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = NODE_NEEDED;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return ok('node', version);
  return fail('node', version, `install Node ${NODE_NEEDED.join('.')} or newer`);
}

/** Nothing but the commands that work on a repository needs it. */
export async function checkGit(): Promise<Check> {
  try {
    const { stdout } = await promisify(execFile)('git', ['--version'], { timeout: 10_000 });
    return ok('git', stdout.trim().replace(/^git version /, ''));
  } catch (error) {
    return warn('git', `does not run: ${error instanceof Error ? error.message : String(error)}`, 'install git: the commands of the commit plugin need it');
  }
}

const INTERPRETERS = [
  ['bash', 'bash'],
  ['sh', 'sh'],
  ['python', 'python3'],
] as const;

/** What `shell:` of a step can name. Node itself is always there. */
export async function checkInterpreters(path: string): Promise<Check[]> {
  return Promise.all(
    INTERPRETERS.map(async ([shell, program]) => {
      const found = await findProgram(program, path);
      if (found !== undefined) return ok(`shell ${shell}`, found);
      return warn(`shell ${shell}`, `there is no ${program} on the PATH`, `install it, or write another "shell:" in steps that use ${shell}`);
    }),
  );
}

async function findProgram(program: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, program);
    const runs = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder !== '' && runs) return candidate;
  }
  return undefined;
}
