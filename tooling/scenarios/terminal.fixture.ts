import { type IPty, spawn } from '@lydell/node-pty';

import type { Project } from './project.fixture.js';

/** A command in a terminal of its own, seen and typed at as a person would. */
export class TerminalSession {
  readonly pty: IPty;
  /** Resolves with the exit code. */
  readonly ended: Promise<number>;
  screen = '';
  #heard: (() => void)[] = [];
  #exitCode: number | undefined;

  constructor(project: Project, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const [program, all] = project.command(args);
    const { KB_NO_PROMPT: _, ...base } = project.env;
    this.pty = spawn(program, all, { cwd: project.dir, env: { ...base, ...env }, cols: 100, rows: 30, name: 'xterm-256color' });
    this.pty.onData((chunk) => {
      this.screen += chunk;
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      this.pty.onExit(({ exitCode }) => {
        this.#exitCode = exitCode;
        this.#wake();
        resolve(exitCode);
      });
    });
  }

  /** Everything shown so far, without what only moves or colours. */
  get text(): string {
     
    return this.screen.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '');
  }

  /** Resolves once the text matches. Fails when the command ends without showing it. */
  async shows(what: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = what.exec(this.text);
      if (found !== null) return found;
      if (this.#exitCode !== undefined) throw new Error(`ended with ${this.#exitCode} without showing ${what.source}:\n${this.text}`);
      await new Promise<void>((resolve) => this.#heard.push(resolve));
    }
  }

  type(text: string): void {
    this.pty.write(text);
  }

  #wake(): void {
    for (const heard of this.#heard.splice(0)) heard();
  }
}
