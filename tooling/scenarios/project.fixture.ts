import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
const entry = join(repository, 'apps/cli/bin/kb.js');

export interface Answer {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project in a folder of its own, driven through the built command line. */
export class Project {
  readonly dir = realpathSync(mkdtempSync(join(tmpdir(), 'kb-project-')));
  readonly env: NodeJS.ProcessEnv;
  readonly #started = new Set<ChildProcess>();

  constructor(files: Readonly<Record<string, string>> = {}, env: NodeJS.ProcessEnv = {}) {
    this.env = { PATH: process.env['PATH'], HOME: this.dir, TMPDIR: tmpdir(), TERM: 'xterm-256color', LANG: 'C.UTF-8', KB_NO_PROMPT: '1', ...env };
    mkdirSync(join(this.dir, '.kb/workflows'), { recursive: true });
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string | Uint8Array): void {
    mkdirSync(dirname(join(this.dir, path)), { recursive: true });
    writeFileSync(join(this.dir, path), text);
  }

  /** Copies a folder of the repository into the project. */
  copy(from: string, to: string): void {
    cpSync(join(repository, from), join(this.dir, to), { recursive: true });
  }

  git(...args: string[]): string {
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'init.defaultBranch=main', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', [...identity, ...args], { cwd: this.dir, encoding: 'utf8', env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** What starts `kb` with these arguments: a program and its arguments. */
  command(args: readonly string[]): [string, string[]] {
    return [process.execPath, [entry, ...args]];
  }

  start(...args: string[]): ChildProcess {
    const [program, all] = this.command(args);
    const child = spawn(program, all, { cwd: this.dir, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#started.add(child);
    child.once('exit', () => this.#started.delete(child));
    return child;
  }

  kb(...args: string[]): Promise<Answer> {
    return answerOf(this.start(...args));
  }

  /** The one JSON value a command prints. Fails with everything it said when it printed something else. */
  async json<T>(...args: string[]): Promise<T> {
    const answer = await this.kb(...args, '--json');
    try {
      return JSON.parse(answer.stdout) as T;
    } catch {
      throw new Error(`kb ${args.join(' ')} ended with ${answer.code} and printed no JSON:\n${answer.stdout}\n${answer.stderr}`);
    }
  }

  remove(): void {
    for (const child of this.#started) child.kill('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

function answerOf(child: ChildProcess): Promise<Answer> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** Whether a process runs. One that has ended and waits for its parent to notice does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^Z/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return process.platform !== 'linux';
  }
}
