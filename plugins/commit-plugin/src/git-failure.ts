import { FatalError, type ExecResult } from '@kb-labs/sdk';

interface KnownFailure {
  readonly code: string;
  readonly stderr: RegExp;
  readonly message: string;
  readonly hint: string;
}

const KNOWN: readonly KnownFailure[] = [
  {
    code: 'NOT_A_REPOSITORY',
    stderr: /^(?:fatal: not|warning: Not) a git repository/m,
    message: 'the workspace is not inside a git repository',
    hint: 'run the step where the repository is checked out',
  },
  {
    code: 'REPOSITORY_NOT_TRUSTED',
    stderr: /^fatal: detected dubious ownership/m,
    message: 'git refuses the repository because another user owns it',
    hint: 'name the folder in "safe.directory" of the git configuration of the user the engine runs as',
  },
  {
    code: 'NO_WORK_TREE',
    stderr: /^fatal: this operation must be run in a work tree/m,
    message: 'the repository has no work tree here',
    hint: 'run the step in a checkout, not in a bare repository or inside ".git"',
  },
  {
    code: 'IDENTITY_UNKNOWN',
    stderr: /^(?:Author|Committer) identity unknown|^fatal: (?:unable to auto-detect email|empty ident name|no email was given|no name was given)/m,
    message: 'git does not know who commits',
    hint: 'set user.name and user.email in the git configuration, or give the step an "author"',
  },
  {
    code: 'UNKNOWN_PATH',
    stderr: /^(?:fatal|error): pathspec .* did not match any file/m,
    message: 'a path names no file that git knows',
    hint: 'paths are git pathspecs relative to the workspace',
  },
];

/** Two gits at once: the other one ends soon, so a later try can succeed. */
const BUSY = /^fatal: Unable to create '.*\.lock': File exists/m;

/** Why a git command failed: a code to test for where the reason is known, `GIT_FAILED` with git's own words elsewhere. */
export function gitFailure(args: readonly string[], result: ExecResult): Error {
  const known = KNOWN.find(({ stderr }) => stderr.test(result.stderr));
  if (known !== undefined) {
    return new FatalError(known.message, { code: known.code, hint: known.hint, details: { git: tail(result.stderr) } });
  }
  const words = tail(result.stderr) || tail(result.stdout) || 'it gave no reason';
  const message = `git ${args[0] ?? ''} ended with exit code ${String(result.exitCode)}: ${words}`;
  return Object.assign(new Error(message), { code: BUSY.test(result.stderr) ? 'REPOSITORY_BUSY' : 'GIT_FAILED' });
}

/** The end of what git said: a hook may have said much more before. */
function tail(text: string): string {
  return text.trim().slice(-2_000);
}
