import type { ArtifactHandle, FileStat, JsonValue, LlmAnswer, LlmEmbeddings, PluginArtifact, PluginConnection, PluginContext } from '@kb-labs/contracts';

import type { Channel, Message } from '../protocol/channel.js';
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
  readonly #controller = new AbortController();
  readonly #programs: RemotePrograms;
  readonly #queue: (() => void)[] = [];
  #open = 0;
  #isOver = false;

  constructor(channel: Channel, start: StartMessage) {
    this.#channel = channel;
    this.run = start.run;
    this.#programs = new RemotePrograms((...request) => this.#ask(...request));
    this.ctx = this.#context(start);
  }

  lines(args: readonly unknown[]): Promise<void> {
    return this.#programs.lines(args);
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  close(): void {
    this.#isOver = true;
    for (const go of this.#queue.splice(0)) go();
  }

  #context({ context }: StartMessage): PluginContext {
    const ask: Ask = (...request) => this.#ask(...request);
    const value = async (method: string, ...args: unknown[]): Promise<unknown> => (await ask(method, args)).value;
    const consumed = Object.freeze(context.consumed.map((handle) => Object.freeze(handle)));
    const members: PluginContext = {
      signal: this.#controller.signal,
      log: { debug: this.#log('debug'), info: this.#log('info'), warn: this.#log('warn'), error: this.#log('error') },
      progress: (fraction, note) => {
        if (!this.#isOver && Number.isFinite(fraction)) this.#channel.tell('progress', [this.run, fraction, note]);
      },
      idempotencyKey: context.idempotencyKey,
      workspace: context.workspace,
      artifacts: {
        save: (artifact) => this.#save(artifact),
        consumed,
        read: async (name) => new Uint8Array((await ask('artifacts.read', [name])).bytes),
      },
      fs: {
        readText: async (path) => Buffer.from((await ask('fs.read', [path])).bytes).toString('utf8'),
        readBytes: async (path) => Buffer.from((await ask('fs.read', [path])).bytes),
        write: async (path, content) => void (await ask('fs.write', [path], { bytes: toBytes(content) })),
        list: async (glob) => (await value('fs.list', glob)) as string[],
        exists: async (path) => (await value('fs.exists', path)) as boolean,
        stat: async (path) => (await value('fs.stat', path)) as FileStat,
        remove: async (path) => void (await value('fs.remove', path)),
      },
      fetch: remoteFetch(ask, (stream) => this.#channel.accept(stream)),
      connect: (host, port) => this.#connect(host, port),
      exec: (program, args, options) => this.#programs.exec(program, args, options),
      llm: {
        configured: async () => (await value('llm.configured')) as { chat: boolean; embeddings: boolean },
        complete: async (request) => (await value('llm.complete', request)) as LlmAnswer,
        embed: async (texts) => (await value('llm.embed', texts)) as LlmEmbeddings,
      },
      storage: {
        get: async (key) => ((await value('storage.get', key)) as { value?: JsonValue }).value,
        set: async (key, stored) => void (await value('storage.set', key, stored)),
        remove: async (key) => void (await value('storage.remove', key)),
        keys: async (prefix) => (await value('storage.keys', prefix)) as string[],
      },
      env: Object.freeze(context.env),
      secrets: { get: async (name) => (await value('secrets.get', name)) as string },
      run: context.run,
    };
    return harmless(members);
  }

  #log(level: string): (text: string) => void {
    return (text) => {
      if (typeof text !== 'string') throw new TypeError('a line of a log is a text');
      if (!this.#isOver) this.#channel.tell('log', [this.run, level, text]);
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

function toBytes(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content;
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** A call that a handler forgets to wait for may fail: that must not end its process. */
function harmless<Member>(member: Member): Member {
  if (typeof member !== 'object' || member === null) return typeof member === 'function' ? forgiving(member as (...args: unknown[]) => unknown) as Member : member;
  if (Object.getPrototypeOf(member) !== Object.prototype || Object.isFrozen(member)) return member;
  return Object.fromEntries(Object.entries(member).map(([name, value]) => [name, harmless(value as unknown)])) as Member;
}

function forgiving(act: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  return (...args) => {
    const result = act(...args);
    if (result instanceof Promise) result.catch(() => undefined);
    return result;
  };
}
