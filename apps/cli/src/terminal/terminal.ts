import type { Readable, Writable } from 'node:stream';

import { createStyle, type Style, wantsColour } from './style.js';

/** The streams and surroundings of the program, as a test can build them too. */
export interface Host {
  readonly stdin: Readable & { readonly isTTY?: boolean; readonly setRawMode?: (raw: boolean) => unknown };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** What commands write to. */
export interface Terminal {
  readonly host: Host;
  /** For standard output. */
  readonly style: Style;
  /** For standard error. */
  readonly errorStyle: Style;
  /** Whether a screen can be redrawn in place. */
  readonly live: boolean;
  /** Whether a person can be asked. */
  canAsk(): boolean;
  columns(): number;
  rows(): number;
  now(): number;
  /** Writes lines to standard output. */
  print(lines: string | readonly string[]): void;
  /** Writes one JSON value as one line of standard output. */
  printJson(value: unknown): void;
  /** Writes lines to standard error: remarks that are not the answer. */
  note(lines: string | readonly string[]): void;
}

const WIDTH_WITHOUT_TERMINAL = 120;

export function createTerminal(host: Host): Terminal {
  // Node makes its standard streams when they are first touched: the input and the errors of most runs never are.
  const { stdout, env } = host;
  const isTerminal = stdout.isTTY === true;
  const dumb = env['TERM'] === 'dumb';
  let errorStyle: Style | undefined;
  return {
    host,
    style: createStyle(wantsColour(env, isTerminal)),
    get errorStyle() {
      return (errorStyle ??= createStyle(wantsColour(env, host.stderr.isTTY === true)));
    },
    live: isTerminal && !dumb && (env['CI'] ?? '') === '',
    canAsk: () => isTerminal && host.stdin.isTTY === true && (env['KB_NO_PROMPT'] ?? '') === '' && !dumb,
    columns: () => stdout.columns ?? WIDTH_WITHOUT_TERMINAL,
    rows: () => stdout.rows ?? 24,
    now: () => Date.now(),
    print: (lines) => void stdout.write(joined(lines)),
    printJson: (value) => void stdout.write(`${JSON.stringify(value)}\n`),
    note: (lines) => void host.stderr.write(joined(lines)),
  };
}

function joined(lines: string | readonly string[]): string {
  return typeof lines === 'string' ? `${lines}\n` : lines.map((line) => `${line}\n`).join('');
}
