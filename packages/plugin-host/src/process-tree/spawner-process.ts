import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';

import { AppError } from '@kb-labs/errors';

import { endStray } from './end-stray.js';
import type { Exit, Launched, LaunchRequest } from './launch.js';
import { MAKE_PIPES } from './named-pipes.js';
import { type PipePaths, PipeStock } from './pipe-stock.js';
import { type SpawnerMessage, spawnerProgram, type StartMessage } from './spawner-program.js';
import { TOKEN_VARIABLE } from './tree-token.js';

/** Without anything to do for so long, it ends. */
const IDLE_MS = 60_000;
/** From TERM to KILL of what it may have started when it died. */
const LOST_GRACE_MS = 250;
/** Each start copies how its memory is laid out: the less there is of it the better. V8's threads would have it copied for two processors, and are of no use here. */
const FLAGS = ['--max-semi-space-size=1', '--v8-pool-size=0'];

export interface SpawnerSurroundings {
  /** Its own environment, and that of what makes its pipes. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the folder of these is made. */
  readonly temporaryParent: string;
  /** Whether it has ever been ready. */
  readonly onGone: (wasReady: boolean) => void;
}

/**
 * A small process that starts programs for this one. Their output comes here by named pipes, not through it. It ends with
 * this process; its programs then stay behind, as those do that this process has started itself.
 */
export class SpawnerProcess {
  readonly #child: ChildProcess;
  readonly #stock: PipeStock;
  readonly #surroundings: SpawnerSurroundings;
  readonly #open = new Map<number, OpenStart>();
  readonly #removeStock: () => void;
  #wasReady = false;
  #isOver = false;
  #starts = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(surroundings: SpawnerSurroundings) {
    const { env, temporaryParent } = surroundings;
    this.#surroundings = surroundings;
    const stock = new PipeStock(temporaryParent, (paths) => this.#makePipes(paths));
    this.#stock = stock;
    this.#removeStock = () => stock.remove();
    process.once('exit', this.#removeStock);
    // In a session of its own: what a terminal sends is for this process to heed.
    this.#child = spawn(process.execPath, [...FLAGS, '-e', `(${spawnerProgram.toString()})()`], { cwd: '/', env, detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child.on('message', (message: SpawnerMessage) => this.#hear(message));
    // Not by its exit: all it said has come until then, and what it was about to start has become a program.
    this.#child.once('disconnect', () => this.#end());
    this.#child.once('error', () => this.#end());
    this.#child.unref();
    void this.#prepare();
  }

  get isReady(): boolean {
    return this.#child.connected && !this.#stock.isEmpty;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Only when it is ready. Fails as `spawn` does, and with `STEP_INTERRUPTED` when this process has died: nothing runs then. */
  async launch(request: LaunchRequest): Promise<Launched> {
    const pair = this.#stock.take();
    if (pair === undefined) throw new Error('the spawner is not ready');
    const readers: number[] = [];
    try {
      // The reader comes first, and without waiting for the writer (fifo(7)).
      for (const path of pair) readers.push(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
      const { pid, exited } = await this.#start(request, pair);
      const outputs = streamsOf(readers);
      this.#keepWhenClosed(pair, outputs);
      return { pid, outputs, exited };
    } catch (thrown) {
      for (const reader of readers) closeSync(reader);
      this.#stock.discard(pair);
      if (thrown instanceof AppError) await endStray(`${TOKEN_VARIABLE}=${request.env[TOKEN_VARIABLE] ?? ''}`, LOST_GRACE_MS);
      throw thrown;
    }
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  /** At the end of a pipe nobody can write to it any more. One that was closed before may still have a writer. */
  #keepWhenClosed(pair: PipePaths, outputs: readonly Socket[]): void {
    let open = outputs.length;
    const onClose = (): void => {
      open -= 1;
      if (open > 0) return;
      if (outputs.every((output) => output.readableEnded)) this.#stock.giveBack(pair);
      else this.#stock.discard(pair);
    };
    for (const output of outputs) output.once('close', onClose);
  }

  async #prepare(): Promise<void> {
    this.#wasReady = await this.#stock.fill();
    if (!this.#wasReady) this.close();
  }

  async #makePipes(paths: readonly string[]): Promise<void> {
    const { exited } = await this.#start({ program: MAKE_PIPES, args: ['-m', '600', ...paths], cwd: '/', env: this.#surroundings.env }, []);
    const { code } = await exited;
    if (code !== 0) throw new Error(`${MAKE_PIPES} ended with ${String(code)}`);
  }

  async #start({ program, args, cwd, env }: LaunchRequest, outputs: PipePaths | readonly []): Promise<{ pid: number; exited: Promise<Exit> }> {
    const id = (this.#starts += 1);
    const start: OpenStart = { started: Promise.withResolvers(), exited: Promise.withResolvers() };
    // Who is told that it did not start does not ask how it ended.
    start.exited.promise.catch(() => undefined);
    this.#open.set(id, start);
    this.#stayWhileBusy();
    const message: StartMessage = { id, program, args, cwd, env, outputs };
    this.#child.send(message, () => undefined);
    return { pid: await start.started.promise, exited: start.exited.promise };
  }

  #hear(message: SpawnerMessage): void {
    const start = this.#open.get(message.id);
    if (message.kind === 'started') return start?.started.resolve(message.pid);
    this.#open.delete(message.id);
    this.#stayWhileBusy();
    if (message.kind === 'refused') start?.started.reject(Object.assign(new Error(message.message), { code: message.code }));
    else start?.exited.resolve({ code: message.code, signal: message.signal });
  }

  /** This process goes on for what was started, and not for who starts it. */
  #stayWhileBusy(): void {
    clearTimeout(this.#idle);
    if (this.#open.size > 0) {
      this.#child.channel?.ref();
      return;
    }
    this.#child.channel?.unref();
    this.#idle = setTimeout(() => this.close(), IDLE_MS);
    this.#idle.unref();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#idle);
    process.off('exit', this.#removeStock);
    this.#removeStock();
    const lost = new AppError('STEP_INTERRUPTED', {}, { hint: 'the process that starts programs for the worker has died' });
    for (const { started, exited } of this.#open.values()) {
      started.reject(lost);
      exited.reject(lost);
    }
    this.#open.clear();
    this.#surroundings.onGone(this.#wasReady);
  }
}

interface OpenStart {
  /** Its process id. */
  readonly started: PromiseWithResolvers<number>;
  readonly exited: PromiseWithResolvers<Exit>;
}

function streamsOf(readers: readonly number[]): readonly [Socket, Socket] {
  const [stdout, stderr] = readers.map((fd) => new Socket({ fd, readable: true, writable: false }));
  if (stdout === undefined || stderr === undefined) throw new Error('a program has two outputs');
  return [stdout, stderr];
}
