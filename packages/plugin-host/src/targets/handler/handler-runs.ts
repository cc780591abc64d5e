import { pathToFileURL } from 'node:url';

import type { JsonObject, PluginContext } from '@kb-labs/contracts';

import { copyWithin } from '../../json-copy.js';
import type { Channel, IncomingCall, Message } from '../protocol/channel.js';
import { type HandlerAnswer, kindOfValue, type StartMessage } from '../protocol/messages.js';
import { unpackThrown } from '../protocol/thrown.js';
import { printsTaken } from './prints-taken.js';
import { RemoteContext } from './remote-context.js';

type HandlerModule = Readonly<Record<string, unknown>>;
type Handler = (input: JsonObject, ctx: PluginContext) => unknown;

/** The calls that one process is given, one after another. */
export class HandlerRuns {
  readonly #channel: Channel;
  readonly #folder = process.cwd();
  readonly #env = { ...process.env };
  /** By file: not more than the plugin has. Node keeps them for good as well, and takes its time to find one again. */
  readonly #modules = new Map<string, HandlerModule>();
  #current: RemoteContext | undefined;
  #isTidy = true;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async answer({ method, args }: IncomingCall): Promise<Message> {
    switch (method) {
      case 'run':
        return { value: await this.#run(args[0] as StartMessage) };
      case 'lines':
        await this.#current?.lines(args);
        return {};
      default:
        throw new Error(`the engine asks for ${method}, which is not known here`);
    }
  }

  note(method: string, args: readonly unknown[]): void {
    if (method === 'abort' && this.#current?.run === args[0]) this.#current?.abort(unpackThrown(args[1]));
  }

  async #run(start: StartMessage): Promise<HandlerAnswer> {
    this.#tidy();
    const context = new RemoteContext(this.#channel, start);
    this.#current = context;
    try {
      const handler = this.#handlerOf(start) ?? (await this.#load(start));
      if (typeof handler !== 'function') return handler;
      return toAnswer(await handler(start.input, context.ctx), start);
    } finally {
      context.close();
      // The answer goes out first: whoever waits for it need not wait for this.
      this.#isTidy = false;
      setImmediate(() => this.#tidy());
      const taken = printsTaken();
      if (taken !== undefined) await taken;
    }
  }

  async #load(start: StartMessage): Promise<Handler | HandlerAnswer> {
    try {
      this.#modules.set(start.file, (await import(pathToFileURL(start.file).href)) as HandlerModule);
    } catch (error) {
      return { kind: 'not-loaded', problem: error instanceof Error ? error.message : String(error) };
    }
    return this.#handlerOf(start) ?? { kind: 'no-function' };
  }

  /** `undefined` while its module is not loaded, and for an export that is no function. */
  #handlerOf({ file, name }: StartMessage): Handler | undefined {
    const handler = this.#modules.get(file)?.[name];
    return typeof handler === 'function' ? (handler as Handler) : undefined;
  }

  /** What one call has changed about the process is not handed to the next. */
  #tidy(): void {
    if (this.#isTidy) return;
    this.#isTidy = true;
    try {
      if (process.cwd() !== this.#folder) process.chdir(this.#folder);
    } catch {
      // The folder is gone: the next call finds that out for itself.
    }
    for (const name of Object.keys(process.env)) if (!Object.hasOwn(this.#env, name)) Reflect.deleteProperty(process.env, name);
    for (const [name, value] of Object.entries(this.#env)) if (process.env[name] !== value) process.env[name] = value;
  }
}

function toAnswer(returned: unknown, { bounds }: StartMessage): HandlerAnswer {
  if (typeof returned !== 'object' || returned === null || Array.isArray(returned)) return { kind: 'no-object', what: kindOfValue(returned) };
  const copy = copyWithin(returned, bounds);
  switch (copy.kind) {
    case 'copied':
      return { kind: 'returned', outputs: copy.value as JsonObject };
    case 'too-large':
      return { kind: 'too-large', bytes: copy.bytes };
    case 'refused':
      return { kind: 'refused', problem: copy.problem };
  }
}
