import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Project } from './project.fixture.js';

/** A daemon of a project, in a process of its own. */
export class DaemonProcess {
  readonly child: ChildProcess;
  /** Resolves with the exit code; `null` when it was killed. */
  readonly ended: Promise<number | null>;
  /** Its log. */
  said = '';
  readonly #project: Project;
  #complaints = '';
  #heard: (() => void)[] = [];

  private constructor(project: Project, args: readonly string[]) {
    this.#project = project;
    this.child = project.start('daemon:start', ...(args.some((arg) => arg.startsWith('--port=')) ? [] : ['--port=0']), ...args);
    this.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.said += chunk;
      this.#wake();
    });
    this.child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.#complaints += chunk));
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code) => {
        this.#wake();
        resolve(code);
      });
    });
  }

  /** Resolves once it works. */
  static async start(project: Project, ...args: string[]): Promise<DaemonProcess> {
    const daemon = new DaemonProcess(project, args);
    await daemon.says('the daemon works');
    return daemon;
  }

  get url(): string {
    const line = this.entries().find(({ message }) => message === 'the daemon works');
    return String(line?.['url']);
  }

  /** The key that programs of this machine have. */
  get key(): string {
    return readFileSync(join(this.#project.dir, '.kb/state/loopback.key'), 'utf8').trim();
  }

  /** What it answers to a request with that key: JSON, whatever the status. */
  async request<Answer>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' };
    return (await (await fetch(this.url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })).json()) as Answer;
  }

  entries(): { message: string; level: string; [field: string]: unknown }[] {
    return this.said.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { message: string; level: string }]));
  }

  async says(message: string): Promise<void> {
    while (!this.said.includes(message)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) throw new Error(`ended without saying "${message}":\n${this.said}\n${this.#complaints}`);
      await new Promise<void>((resolve) => this.#heard.push(resolve));
    }
  }

  kill(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }

  #wake(): void {
    for (const heard of this.#heard.splice(0)) heard();
  }
}
