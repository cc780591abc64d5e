import type { ArtifactHandle, FileStat, JsonValue, LlmAnswer, LlmEmbeddings, PluginArtifact, PluginConnection, PluginContext } from '@kb-labs/contracts';

import { late } from '../../late.js';
import type { Channel, Message } from '../protocol/channel.js';
import { LateAbort } from '../protocol/late-abort.js';
import { MESSAGE_BYTES, OPEN_CALLS, type StartMessage } from '../protocol/messages.js';
import type { ByteSource } from '../protocol/streams.js';
import type { Ask } from './ask.js';
import { RemotePrograms } from './remote-exec.js';
import { remoteFetch } from './remote-fetch.js';

/** What is larger goes as a stream. */
const WHOLE_BYTES = 1024 * 1024;

/** The context of one call on the side of the handler. It decides nothing: each member asks the engine, which checks. */
export class RemoteContext {
  readonly run: number;
  readonly ctx: PluginContext;
  readonly #channel: Channel;
  readonly #abort = new LateAbort();
  readonly #programs = new RemotePrograms((...request) => this.#ask(...request));
  readonly #queue: (() => void)[] = [];
  #open = 0;
  #isOver = false;

  constructor(channel: Channel, start: StartMessage) {
    this.#channel = channel;
    this.run = start.run;
    this.ctx = this.#context(start);
  }

  lines(args: readonly unknown[]): Promise<void> {
    return this.#programs.lines(args);
  }

  abort(reason: unknown): void {
    this.#abort.abort(reason);
  }

  close(): void {
    this.#isOver = true;
    for (const go of this.#queue.splice(0)) go();
  }

  /** Its groups are made for the first who asks: a handler uses few of them. */
  #context({ context }: StartMessage): PluginContext {
    const abort = this.#abort;
    const ask: Ask = (...request) => this.#ask(...request);
    const consumed = Object.freeze(context.consumed.map((handle) => Object.freeze(handle)));
    const log = late(() => this.#log());
    const artifacts = late(() => this.#artifacts(ask, consumed));
    const fs = late(() => filesOf(ask));
    const llm = late(() => llmOf(ask));
    const storage = late(() => storageOf(ask));
    const secrets = late(() => secretsOf(ask));
    return {
      get signal() {
        return abort.signal;
      },
      get log() {
        return log();
      },
      progress: (fraction, note) => {
        if (!this.#isOver && Number.isFinite(fraction)) this.#channel.tell('progress', [this.run, fraction, note]);
      },
      idempotencyKey: context.idempotencyKey,
      workspace: context.workspace,
      get artifacts() {
        return artifacts();
      },
      get fs() {
        return fs();
      },
      fetch: forgiving((...request) => remoteFetch(ask, (stream) => this.#channel.accept(stream))(...request)),
      connect: forgiving((host, port) => this.#connect(host, port)),
      exec: forgiving((program, args, options) => this.#programs.exec(program, args, options)),
      get llm() {
        return llm();
      },
      get storage() {
        return storage();
      },
      env: Object.freeze(context.env),
      get secrets() {
        return secrets();
      },
      run: context.run,
    };
  }

  #log(): PluginContext['log'] {
    const write = (level: string) => (text: string) => {
      if (typeof text !== 'string') throw new TypeError('a line of a log is a text');
      if (!this.#isOver) this.#channel.tell('log', [this.run, level, text]);
    };
    return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  }

  #artifacts(ask: Ask, consumed: readonly ArtifactHandle[]): PluginContext['artifacts'] {
    return {
      save: forgiving((artifact) => this.#save(artifact)),
      consumed,
      read: forgiving(async (name) => new Uint8Array((await ask('artifacts.read', [name])).bytes)),
    };
  }

  /** At most so many at once: the engine does not take more. */
  async #ask(...[method, args, options]: Parameters<Ask>): Promise<Required<Message>> {
    if ((options?.bytes?.length ?? 0) > MESSAGE_BYTES) throw new RangeError(`${method} takes at most ${String(MESSAGE_BYTES)} bytes at once`);
    while (this.#open >= OPEN_CALLS && !this.#isOver) await new Promise<void>((go) => void this.#queue.push(go));
    if (this.#isOver) throw Object.assign(new Error('the work was interrupted'), { name: 'AppError', code: 'INTERRUPTED', hint: 'the step has ended' });
    this.#open += 1;
    try {
      return await this.#channel.call(method, [this.run, ...args], options);
    } finally {
      this.#open -= 1;
      this.#queue.shift()?.();
    }
  }

  async #save({ name, type, label, content }: PluginArtifact): Promise<ArtifactHandle> {
    const whole = typeof content === 'string' || content instanceof Uint8Array ? toBytes(content) : undefined;
    const meta = { name, type, label };
    if (whole !== undefined && whole.length <= WHOLE_BYTES) return (await this.#ask('artifacts.save', [meta], { bytes: whole })).value as ArtifactHandle;
    const source: ByteSource = whole === undefined ? (content as AsyncIterable<Uint8Array>) : single(whole);
    return (await this.#ask('artifacts.save', [meta, this.#channel.offer(source)])).value as ArtifactHandle;
  }

  async #connect(host: string, port: number): Promise<PluginConnection> {
    const up = new TransformStream<Uint8Array, Uint8Array>();
    const { value } = await this.#ask('connect', [host, port, this.#channel.offer(up.readable)]);
    return { readable: this.#channel.accept(value), writable: up.writable };
  }
}

function filesOf(ask: Ask): PluginContext['fs'] {
  return {
    readText: forgiving(async (path) => Buffer.from((await ask('fs.read', [path])).bytes).toString('utf8')),
    readBytes: forgiving(async (path) => Buffer.from((await ask('fs.read', [path])).bytes)),
    write: forgiving(async (path, content) => void (await ask('fs.write', [path], { bytes: toBytes(content) }))),
    list: forgiving(async (glob) => (await ask('fs.list', [glob])).value as string[]),
    exists: forgiving(async (path) => (await ask('fs.exists', [path])).value as boolean),
    stat: forgiving(async (path) => (await ask('fs.stat', [path])).value as FileStat),
    remove: forgiving(async (path) => void (await ask('fs.remove', [path]))),
  };
}

function llmOf(ask: Ask): PluginContext['llm'] {
  return {
    configured: forgiving(async () => (await ask('llm.configured', [])).value as { chat: boolean; embeddings: boolean }),
    complete: forgiving(async (request) => (await ask('llm.complete', [request])).value as LlmAnswer),
    embed: forgiving(async (texts) => (await ask('llm.embed', [texts])).value as LlmEmbeddings),
  };
}

function storageOf(ask: Ask): PluginContext['storage'] {
  return {
    get: forgiving(async (key) => ((await ask('storage.get', [key])).value as { value?: JsonValue }).value),
    set: forgiving(async (key, stored) => void (await ask('storage.set', [key, stored]))),
    remove: forgiving(async (key) => void (await ask('storage.remove', [key]))),
    keys: forgiving(async (prefix) => (await ask('storage.keys', [prefix])).value as string[]),
  };
}

function secretsOf(ask: Ask): PluginContext['secrets'] {
  return { get: forgiving(async (name) => (await ask('secrets.get', [name])).value as string) };
}

function toBytes(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content;
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** A call that a handler forgets to wait for may fail: that must not end its process. */
function forgiving<Args extends unknown[], Result>(act: (...args: Args) => Promise<Result>): (...args: Args) => Promise<Result> {
  return (...args) => {
    const result = act(...args);
    result.catch(() => undefined);
    return result;
  };
}
