import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** @type {{ spawnSource: typeof import('../../../packages/testkit/src/spawn-source.js').spawnSource }} */
const { spawnSource } = await import(new URL('../../../packages/testkit/src/spawn-source.ts', import.meta.url).href);

const END_MS = 20_000;

/** A process that is measured: it says when it is ready, does one thing after the other when it is asked to, and answers a value. */
export class Contestant {
  #child;
  #gone;

  /** @param {import('node:child_process').ChildProcess} child */
  constructor(child) {
    this.#child = child;
    this.#gone = once(child, 'exit');
  }

  /**
   * A program that Node runs as it is.
   *
   * @param {URL} program
   * @param {readonly string[]} args
   */
  static async start(program, args) {
    return Contestant.#ready(fork(fileURLToPath(program), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: environment() }));
  }

  /**
   * A program that imports sources of this workspace.
   *
   * @param {URL} program
   * @param {readonly string[]} args
   */
  static async startSource(program, args) {
    return Contestant.#ready(spawnSource(fileURLToPath(program), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: environment() }));
  }

  /** @param {import('node:child_process').ChildProcess} child */
  static async #ready(child) {
    const contestant = new Contestant(child);
    await contestant.#answer();
    return contestant;
  }

  /**
   * @param {{ do: string, [option: string]: unknown }} what
   * @returns {Promise<any>}
   */
  ask(what) {
    this.#child.send(what);
    return this.#answer();
  }

  async end() {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
    await this.#gone;
    clearTimeout(timer);
  }

  async #answer() {
    const answered = once(this.#child, 'message');
    const ended = this.#gone.then(([code, signal]) => Promise.reject(new Error(`${this.#child.spawnargs.at(-1) ?? ''} ended with ${String(code ?? signal)}`)));
    ended.catch(() => undefined);
    const [{ value, problem }] = await Promise.race([answered, ended]);
    if (problem !== undefined) throw new Error(problem);
    return value;
  }
}

/** Programs that would report on themselves to their makers are asked not to. */
function environment() {
  return { ...process.env, DO_NOT_TRACK: '1' };
}
