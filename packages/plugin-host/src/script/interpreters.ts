import type { JsonValue, Shell } from '@kb-labs/contracts';

const SHELLS: { readonly [Name in Shell]: true } = { bash: true, sh: true, node: true, python: true };

export function isShell(value: JsonValue | undefined): value is Shell {
  return typeof value === 'string' && Object.hasOwn(SHELLS, value);
}

export interface Interpreter {
  readonly program: string;
  readonly args: readonly string[];
  /** The script goes in by standard input, not by a file name. */
  readonly byInput: boolean;
}

/** How a script of each kind is run; `file` is where it was written. */
export function interpreterOf(shell: Shell, file: string): Interpreter {
  switch (shell) {
    case 'bash':
      // A failing command ends the script, in a pipe too; start-up files have no say.
      return { program: 'bash', args: ['--noprofile', '--norc', '-eo', 'pipefail', file], byInput: false };
    case 'sh':
      return { program: 'sh', args: ['-e', file], byInput: false };
    case 'node':
      // From standard input, `require` and `import` look from the working directory on, so the project's packages are found.
      return { program: process.execPath, args: ['-'], byInput: true };
    case 'python':
      // Unbuffered, so that a line is seen when it is printed.
      return { program: 'python3', args: ['-u', file], byInput: false };
  }
}
