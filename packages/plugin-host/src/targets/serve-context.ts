import type { ExecResult, LlmRequest, PluginArtifact, PluginConnection, PluginContext } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { StepContext } from '../context/create-context.js';
import { IN_BATCHES } from '../context/plugin-exec.js';
import { given, listOfTexts, memberOf, number, text, textsByName } from './arguments.js';
import type { FetchAnswer } from './handler/remote-fetch.js';
import type { Channel, IncomingCall, Message } from './protocol/channel.js';
import { MESSAGE_BYTES } from './protocol/messages.js';
import type { ByteSource } from './protocol/streams.js';

export interface ServedContext {
  readonly answer: (call: IncomingCall) => Promise<Message>;
  readonly note: (method: string, args: readonly unknown[]) => void | Promise<void>;
}

interface Serving {
  readonly context: StepContext;
  readonly channel: Channel;
  /** Resolves once what was sent has been taken. */
  readonly sent: () => Promise<void> | undefined;
}

/** What is larger is read one after another, each when the one before has been taken. */
const SMALL_BYTES = 1024 * 1024;

/**
 * The context of a step, served to a handler in another process. Whoever is there may send anything: arguments are checked here,
 * and permissions where they are for a handler in this process too, for it is the same context.
 */
export function serveContext({ context, channel, sent }: Serving): ServedContext {
  const { ctx } = context;
  const oneByOne = queue(sent);
  const levels = new Map<string, (line: string) => void>(Object.entries(ctx.log));
  return {
    note: (method, [, first, second]) => {
      if (method === 'progress' && typeof first === 'number') ctx.progress(first, typeof second === 'string' ? second : undefined);
      if (method !== 'log' || typeof second !== 'string') return;
      levels.get(String(first))?.(second);
      return context.linesTaken();
    },
    answer: async (call) => {
      const {
        method,
        args: [, ...args],
        bytes,
      } = call;
      const [first, second] = args;
      switch (method) {
        case 'artifacts.save':
          return { value: await saveArtifact(ctx, channel, { meta: first, stream: second, bytes }) };
        case 'artifacts.read': {
          const size = ctx.artifacts.consumed.find(({ name }) => name === first)?.bytes ?? 0;
          return oneByOne(size, async () => ({ bytes: await ctx.artifacts.read(text(first)) }));
        }
        case 'fs.read': {
          const path = text(first);
          const size = (await ctx.fs.stat(path).catch(() => undefined))?.bytes ?? 0;
          return oneByOne(size, async () => ({ bytes: await ctx.fs.readBytes(path) }));
        }
        case 'fs.write':
          await ctx.fs.write(text(first), bytes);
          return {};
        case 'fs.list':
          return { value: await ctx.fs.list(text(first)) };
        case 'fs.exists':
          return { value: await ctx.fs.exists(text(first)) };
        case 'fs.stat':
          return { value: await ctx.fs.stat(text(first)) };
        case 'fs.remove':
          await ctx.fs.remove(text(first));
          return {};
        case 'fetch':
          return { value: await request(ctx, channel, { told: first, bytes, signal: call.signal }) };
        case 'connect':
          return { value: await connect(ctx, channel, args) };
        case 'exec':
          return exec(ctx, channel, { args, bytes });
        case 'secrets.get':
          return { value: await ctx.secrets.get(text(first)) };
        case 'llm.configured':
          return { value: await ctx.llm.configured() };
        case 'llm.complete':
          return { value: await ctx.llm.complete(given(first) as LlmRequest) };
        case 'llm.embed':
          return { value: await ctx.llm.embed(listOfTexts(first)) };
        case 'storage.get': {
          const value = await ctx.storage.get(text(first));
          return { value: value === undefined ? {} : { value } };
        }
        case 'storage.set':
          await ctx.storage.set(text(first), second as never);
          return {};
        case 'storage.remove':
          await ctx.storage.remove(text(first));
          return {};
        case 'storage.keys':
          return { value: await ctx.storage.keys(typeof first === 'string' ? first : undefined) };
        default:
          throw new AppError('PERMISSION_DENIED', { act: `calling ${method.slice(0, 64)}`, permission: 'none' }, { hint: 'the context has no such member' });
      }
    },
  };
}

/** Runs what gives many bytes so that at most one of them is in memory. */
function queue(sent: () => Promise<void> | undefined) {
  let last: Promise<unknown> = Promise.resolve();
  return (size: number, act: () => Promise<Message>): Promise<Message> => {
    if (size > MESSAGE_BYTES) return Promise.reject(new RangeError(`${String(size)} bytes are more than the ${String(MESSAGE_BYTES)} that can be read in one piece`));
    if (size <= SMALL_BYTES) return act();
    const acted = last.then(() => sent()).then(act);
    last = acted.catch(() => undefined);
    return acted;
  };
}

interface Saved {
  readonly meta: unknown;
  readonly stream: unknown;
  readonly bytes: Uint8Array;
}

async function saveArtifact(ctx: PluginContext, channel: Channel, { meta, stream, bytes }: Saved) {
  const source = stream === undefined ? undefined : channel.accept(stream);
  const [type, label] = [memberOf(meta, 'type'), memberOf(meta, 'label')];
  const artifact = {
    name: text(memberOf(meta, 'name')),
    ...(typeof type === 'string' ? { type } : {}),
    ...(typeof label === 'string' ? { label } : {}),
    content: source ?? bytes,
  } as PluginArtifact;
  try {
    return await ctx.artifacts.save(artifact);
  } finally {
    // Of a stream that was not read to its end, or not at all.
    if (source?.locked === false) await source.cancel().catch(() => undefined);
  }
}

interface Requested {
  readonly told: unknown;
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal;
}

async function request(ctx: PluginContext, channel: Channel, { told, bytes, signal }: Requested): Promise<FetchAnswer> {
  const headers = memberOf(told, 'headers');
  const pairs = (Array.isArray(headers) ? (headers as readonly unknown[]) : []).map((pair): [string, string] => {
    const [name, value] = listOfTexts(pair);
    return [text(name), text(value)];
  });
  const redirect = memberOf(told, 'redirect');
  const response = await ctx.fetch(text(memberOf(told, 'url')), {
    method: text(memberOf(told, 'method')),
    headers: pairs,
    redirect: redirect === 'manual' || redirect === 'error' ? redirect : 'follow',
    signal,
    ...(memberOf(told, 'body') === true ? { body: new Uint8Array(bytes) } : {}),
  });
  const { status, statusText, url, redirected, type, body } = response;
  return { status, statusText, headers: [...response.headers], url, redirected, type, body: body === null ? null : channel.offer(body as ByteSource) };
}

async function connect(ctx: PluginContext, channel: Channel, [host, port, stream]: readonly unknown[]): Promise<number> {
  const up = channel.accept(stream);
  let connection: PluginConnection;
  try {
    connection = await ctx.connect(text(host), number(port));
  } catch (error) {
    await up.cancel();
    throw error;
  }
  up.pipeTo(connection.writable).catch(() => undefined);
  return channel.offer(connection.readable);
}

interface Started {
  readonly args: readonly unknown[];
  readonly bytes: Uint8Array;
}

async function exec(ctx: PluginContext, channel: Channel, { args: [id, program, words, told], bytes }: Started): Promise<Message> {
  const [cwd, timeoutMs, maxOutputBytes] = [memberOf(told, 'cwd'), memberOf(told, 'timeoutMs'), memberOf(told, 'maxOutputBytes')];
  const options = {
    ...(cwd === undefined ? {} : { cwd: text(cwd) }),
    ...(memberOf(told, 'env') === undefined ? {} : { env: textsByName(memberOf(told, 'env')) }),
    ...(timeoutMs === undefined ? {} : { timeoutMs: number(timeoutMs) }),
    ...(maxOutputBytes === undefined ? {} : { maxOutputBytes: Math.min(number(maxOutputBytes), MESSAGE_BYTES) }),
    ...(memberOf(told, 'input') === true ? { input: bytes } : {}),
    ...(memberOf(told, 'lines') === true
      ? { [IN_BATCHES]: async (lines: readonly string[], stream: string) => void (await channel.call('lines', [number(id), stream, lines])) }
      : {}),
  };
  const { exitCode, stdout, stderr }: ExecResult = await ctx.exec(text(program), listOfTexts(words), options);
  const [first, second] = [Buffer.from(stdout), Buffer.from(stderr)];
  return { value: { exitCode, stdoutBytes: first.length }, bytes: Buffer.concat([first, second]) };
}
