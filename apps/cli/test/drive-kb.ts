import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const KB = fileURLToPath(new URL('../bin/kb.js', import.meta.url));

if (!existsSync(new URL('../dist/main.cjs', import.meta.url))) throw new Error('these tests drive the built program: build @kb-labs/cli first');

export interface Ended {
  /** 128 and the number of the signal, as a shell says it, for a program that was killed. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs, and what it has written so far. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard output has this text, with everything written so far; fails when the program ends without it. */
  until(text: string | RegExp): Promise<string>;
}

const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** A folder with workflow documents, removed by `remove`. */
export function makeProject(documents: Readonly<Record<string, string>>): { root: string; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'kb-cli-'));
  mkdirSync(join(root, '.kb/workflows'), { recursive: true });
  for (const [name, text] of Object.entries(documents)) writeFileSync(join(root, '.kb/workflows', name), text);
  return {
    root,
    remove: () => {
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export function startKb(cwd: string, args: readonly string[], options: { env?: Readonly<Record<string, string>>; input?: string } = {}): Running {
  return start(process.execPath, [KB, ...args], { cwd, ...options });
}

export function kb(cwd: string, args: readonly string[], options: { env?: Readonly<Record<string, string>>; input?: string } = {}): Promise<Ended> {
  return startKb(cwd, args, options).ended;
}

/** The program in a pseudo-terminal of 100 columns and 30 rows; standard output has everything the terminal was sent. */
export function startKbInTerminal(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const command = `stty cols 100 rows 30; exec ${[process.execPath, KB, ...args].map((word) => `'${word}'`).join(' ')}`;
  return start('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], { cwd, env: { TERM: 'xterm-256color', ...env }, keepInput: true });
}

interface StartOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly keepInput?: boolean;
}

function start(program: string, args: readonly string[], options: StartOptions): Running {
  const { PATH, HOME, TMPDIR } = process.env;
  const base = Object.fromEntries(Object.entries({ PATH, HOME, TMPDIR }).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const child = spawn(program, args, { cwd: options.cwd, env: { ...base, ...options.env }, stdio: 'pipe' });
  if (options.keepInput !== true) child.stdin.end(options.input ?? '');
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    for (const check of waiting) check();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code: code ?? 128 + (SIGNALS[signal ?? ''] ?? 0), stdout, stderr });
    });
  });
  const until = (text: string | RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (typeof text === 'string' ? !stdout.includes(text) : !text.test(stdout)) return;
        waiting.delete(check);
        resolve(stdout);
      };
      waiting.add(check);
      check();
      void ended.then(() => {
        if (waiting.delete(check)) reject(new Error(`ended without ${String(text)}:\n${stdout}\n${stderr}`));
      });
    });
  return { child, ended, until };
}
