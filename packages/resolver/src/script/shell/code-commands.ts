/**
 * What is known of commands that take code, as data. Names are without their folder and version
 * (`/usr/bin/python3.11` is `python`). A command that is not here takes its arguments as data.
 */

/** How a command reads its options: letters and long names that take a value as the next word or attached. */
interface Options {
  readonly values?: string;
  readonly longValues?: readonly string[];
}

/** Starts the command its operands name. `operands` come before that command. */
export interface Wrapper extends Options {
  readonly operands?: number;
  /** Letters and long names whose value is code for a shell. */
  readonly code?: string;
  readonly longCode?: readonly string[];
  /** Letters that turn it into a question about the command, so that nothing is started. */
  readonly asks?: string;
}

/** Runs a program given as text, as a file, or on standard input. */
export interface Interpreter extends Options {
  /** Letters and long names whose value is the program. */
  readonly code: string;
  readonly longCode?: readonly string[];
  /** Words whose successor is the program: `deno eval`. */
  readonly codeWords?: readonly string[];
  /** A shell takes the first operand after all its options as the program, then positional parameters. */
  readonly shell?: boolean;
}

/** Has a program as its first operand, unless an option gives one. */
export interface Filter extends Options {
  readonly code: string;
  readonly longCode?: readonly string[];
  /** Letters and long names that give a program file, so that no operand is a program. */
  readonly file: string;
  readonly longFile?: readonly string[];
  /** Long names that take two values. */
  readonly pairs?: readonly string[];
}

/** Takes data, but the value of some options is code. */
export interface CodeOptions {
  readonly code?: string;
  readonly longCode: readonly string[];
  /** Whether its standard input is a program too. */
  readonly input?: boolean;
  /** Whether operands from this one on are code, counted from 1. */
  readonly operands?: number;
}

const SHELL: Interpreter = { code: 'c', shell: true, values: 'oO', longValues: ['--rcfile', '--init-file'] };
const NODE: Interpreter = {
  code: 'ep',
  longCode: ['--eval', '--print'],
  codeWords: ['eval'],
  values: 'rC',
  longValues: ['--require', '--import', '--loader', '--conditions', '--env-file'],
};

const SHELL_NAMES = 'sh bash dash ash zsh ksh mksh pdksh yash fish rbash csh tcsh';

export const INTERPRETERS: ReadonlyMap<string, Interpreter> = new Map<string, Interpreter>([
  ...SHELL_NAMES.split(' ').map((name): [string, Interpreter] => [name, SHELL]),
  ...['node', 'nodejs', 'bun', 'deno', 'tsx', 'ts-node'].map((name): [string, Interpreter] => [name, NODE]),
  ...['python', 'pypy'].map((name): [string, Interpreter] => [name, { code: 'cm', values: 'WX' }]),
  ['perl', { code: 'eE', values: 'MmIF' }],
  ['ruby', { code: 'e', values: 'rIC' }],
  ['php', { code: 'rBRE', values: 'dc' }],
  ['lua', { code: 'e', values: 'l' }],
  ['luajit', { code: 'e', values: 'l' }],
  ['Rscript', { code: 'e' }],
  ['R', { code: 'e' }],
  ['julia', { code: 'eE' }],
  ['groovy', { code: 'e' }],
  ['scala', { code: 'e' }],
  ['elixir', { code: 'e' }],
  ['guile', { code: 'c' }],
  ['osascript', { code: 'e' }],
  ['tclsh', { code: '' }],
  ['expect', { code: 'c' }],
  ['pwsh', { code: 'c', longCode: ['-Command', '-command', '-EncodedCommand'] }],
  ['powershell', { code: 'c', longCode: ['-Command', '-command', '-EncodedCommand'] }],
]);

export const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map<string, Wrapper>([
  ['exec', { values: 'a' }],
  ['command', { asks: 'vV' }],
  ['builtin', {}],
  ['env', { values: 'uC', longValues: ['--unset', '--chdir'], code: 'S', longCode: ['--split-string'] }],
  ['nohup', {}],
  ['setsid', {}],
  ['busybox', {}],
  ['sudo', { values: 'ughpCrtTUDR', longValues: ['--user', '--group', '--host', '--prompt', '--chdir', '--chroot'] }],
  ['doas', { values: 'uC' }],
  ['time', { values: 'fo', longValues: ['--format', '--output'] }],
  ['nice', { values: 'n', longValues: ['--adjustment'] }],
  ['ionice', { values: 'cnpPu', longValues: ['--class', '--classdata'] }],
  ['chrt', { operands: 1 }],
  ['taskset', { operands: 1 }],
  ['timeout', { values: 'sk', longValues: ['--signal', '--kill-after'], operands: 1 }],
  ['stdbuf', { values: 'ioe', longValues: ['--input', '--output', '--error'] }],
  ['chroot', { operands: 1 }],
  ['unshare', { values: 'RwSG' }],
  ['nsenter', { values: 'tSG' }],
  ['strace', { values: 'eopsuaEPbOSX' }],
  ['ltrace', { values: 'eopsuaAFnl' }],
  ['flock', { values: 'wE', longValues: ['--timeout', '--wait', '--conflict-exit-code'], operands: 1, code: 'c', longCode: ['--command'] }],
  [
    'xargs',
    {
      values: 'adEILnPs',
      longValues: ['--arg-file', '--delimiter', '--max-args', '--max-chars', '--max-lines', '--max-procs', '--process-slot-var'],
    },
  ],
  ['npx', { values: 'pw', longValues: ['--package', '--workspace'], code: 'c', longCode: ['--call'] }],
  ['bunx', {}],
  ['xvfb-run', { values: 'enfsp' }],
  ['dumb-init', {}],
  ['tini', {}],
]);

export const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ...['awk', 'gawk', 'mawk', 'nawk', 'original-awk'].map((name): [string, Filter] => [
    name,
    {
      values: 'vFil',
      longValues: ['--assign', '--field-separator'],
      code: 'e',
      longCode: ['--source'],
      file: 'fE',
      longFile: ['--file', '--exec'],
    },
  ]),
  ...['sed', 'gsed'].map((name): [string, Filter] => [
    name,
    { values: 'l', longValues: ['--line-length'], code: 'e', longCode: ['--expression'], file: 'f', longFile: ['--file'] },
  ]),
  ...['jq', 'gojq', 'jaq', 'yq'].map((name): [string, Filter] => [
    name,
    {
      values: 'LIop',
      longValues: ['--indent', '--library-path'],
      code: '',
      longCode: ['--expression'],
      file: 'f',
      longFile: ['--from-file'],
      pairs: ['--arg', '--argjson', '--slurpfile', '--rawfile', '--argfile'],
    },
  ]),
]);

export const CODE_OPTIONS: ReadonlyMap<string, CodeOptions> = new Map<string, CodeOptions>([
  ['su', { code: 'c', longCode: ['--command', '--session-command'], input: true }],
  ['runuser', { code: 'c', longCode: ['--command', '--session-command'], input: true }],
  ['script', { code: 'c', longCode: ['--command'] }],
  ['npm', { code: 'c', longCode: ['--call'] }],
  ['psql', { code: 'c', longCode: ['--command'], input: true }],
  ['mysql', { code: 'e', longCode: ['--execute', '--init-command'], input: true }],
  ['mariadb', { code: 'e', longCode: ['--execute', '--init-command'], input: true }],
  ['sqlite3', { longCode: ['-cmd'], input: true, operands: 2 }],
  ['mongosh', { longCode: ['--eval'], input: true }],
  ['rsync', { code: 'e', longCode: ['--rsh', '--rsync-path'] }],
  ['scp', { code: 'oS', longCode: [] }],
  ['sftp', { code: 'oS', longCode: [], input: true }],
  [
    'tar',
    { code: 'IF', longCode: ['--use-compress-program', '--to-command', '--checkpoint-action', '--rsh-command', '--info-script', '--new-volume-script'] },
  ],
  [
    'git',
    {
      longCode: [
        ...['--exec', '--upload-pack', '--receive-pack', '--config-env', '--config'],
        ...['env', 'tree', 'index', 'parent', 'msg', 'commit', 'tag-name'].map((name) => `--${name}-filter`),
      ],
    },
  ],
  ['gdb', { longCode: ['-ex', '-iex', '--eval-command', '-eval-command'], input: true }],
  ['emacs', { longCode: ['--eval', '--execute', '-eval'] }],
  ...['vi', 'vim', 'nvim', 'ex', 'ed'].map((name): [string, CodeOptions] => [name, { code: 'cS', longCode: ['--cmd'], input: true }]),
  ...['dc', 'at', 'batch', 'crontab', 'm4', 'gnuplot', 'octave'].map((name): [string, CodeOptions] => [
    name,
    { code: 'e', longCode: ['--eval', '--expression'], input: true },
  ]),
]);

/** Builtins and tools whose every operand is code, for a shell or for themselves. */
export const ALL_CODE: ReadonlySet<string> = new Set(
  ['eval', 'source', '.', 'trap', 'watch', 'parallel', 'tmux', 'screen', 'bind', 'complete', 'compgen', 'enable', 'history', 'fc', 'sched'],
);

/** Builtins whose operands are names of variables, in which bash evaluates subscripts. */
export const ALL_NAMES: ReadonlySet<string> = new Set(['unset', 'getopts', 'mapfile', 'readarray', 'wait']);

/** Start a program named among their operands, somewhere else or in other circumstances. */
export const LAUNCHERS: ReadonlySet<string> = new Set([
  ...['docker', 'podman', 'nerdctl', 'docker-compose', 'kubectl', 'oc', 'lxc', 'ssh', 'systemd-run', 'systemd-nspawn', 'bwrap', 'firejail'],
  ...['npm', 'pnpm', 'yarn', 'uv', 'poetry', 'pipenv', 'pdm', 'bundle', 'direnv', 'nix', 'nix-shell', 'find'],
]);

/** Take every operand as data, even the name of an interpreter. */
export const PLAIN_DATA: ReadonlySet<string> = new Set(['echo', 'printf', 'test', '[', ':', 'true', 'false', 'cd', 'export', 'set', 'grep']);

/** Builtins that declare the variables their operands name. */
export const DECLARERS: ReadonlySet<string> = new Set(['declare', 'typeset', 'local', 'readonly', 'export']);

/** Variables whose value the shell evaluates: as a command, as a file of commands, as arithmetic, or as an alias. */
export const EVALUATED_VARIABLES: ReadonlySet<string> = new Set([
  ...['BASH_ENV', 'ENV', 'PS0', 'PS1', 'PS2', 'PS4', 'PROMPT_COMMAND', 'BASH_ALIASES', 'BASH_CMDS'],
  ...['RANDOM', 'SRANDOM', 'SECONDS', 'LINENO', 'HISTCMD', 'OPTIND', 'BASHPID', 'EPOCHSECONDS', 'EPOCHREALTIME'],
]);
