import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { JsonObject, JsonValue } from '@kb-labs/contracts';

import { answerAnthropic, refuseAnthropic } from './anthropic-answers.js';
import type { LlmServerAnswer } from './llm-server-answer.js';
import { answerChat, answerEmbeddings, refuseOpenai } from './openai-answers.js';
import type { Reply } from './reply.js';

export interface LlmServerRequest {
  readonly api: 'openai-chat' | 'openai-embeddings' | 'anthropic';
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: JsonObject;
  /** All that the model is given to read, system text included. */
  readonly prompt: string;
}

export interface LlmServerOptions {
  /** The key that requests have to carry; any when left out. */
  readonly key?: string;
  /** To requests for which nothing is scripted. The text `ok` when left out. */
  readonly answer?: (request: LlmServerRequest) => LlmServerAnswer;
  /** Of the vectors; 64 when left out. */
  readonly dimensions?: number;
}

export interface LlmServer {
  /** Base address of the OpenAI-compatible part; ends in `/v1`. */
  readonly openaiUrl: string;
  /** Base address of the Anthropic-compatible part. */
  readonly anthropicUrl: string;
  /** Those that were well-formed, in the order they came. */
  readonly requests: readonly LlmServerRequest[];
  /** Answers of the next requests, one each. To `embeddings` only refusals and the like apply; a text there stands for the vectors. */
  script(...answers: readonly LlmServerAnswer[]): void;
  /** Ends it with all its connections. */
  stop(): Promise<void>;
}

/**
 * A language model of the test's own on this machine, behind the two protocols that services speak: OpenAI's `chat/completions` and
 * `embeddings`, Anthropic's `messages`. Requests that a real service would refuse are refused: a wrong key, no model, no messages, a
 * missing version. Embeddings are the words of a text hashed into a vector of length 1: texts that share words are near each other.
 */
export async function startLlmServer(options: LlmServerOptions = {}): Promise<LlmServer> {
  const requests: LlmServerRequest[] = [];
  const scripted: LlmServerAnswer[] = [];
  const next = (request: LlmServerRequest): LlmServerAnswer => {
    requests.push(request);
    return scripted.shift() ?? options.answer?.(request) ?? { text: 'ok' };
  };
  const server = createServer((request, response) => {
    void serve(request, { key: options.key, dimensions: options.dimensions ?? 64, next })
      .then((reply) => send(response, reply))
      .catch(() => void response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    openaiUrl: `${origin}/v1`,
    anthropicUrl: origin,
    requests,
    script: (...answers) => void scripted.push(...answers),
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Serving {
  readonly key: string | undefined;
  readonly dimensions: number;
  readonly next: (request: LlmServerRequest) => LlmServerAnswer;
}

async function serve(request: IncomingMessage, { key, dimensions, next }: Serving): Promise<Reply> {
  const body = await readJson(request);
  const asked = { headers: request.headers, body };
  switch (`${String(request.method)} ${String(request.url)}`) {
    case 'POST /v1/chat/completions':
      return refuseOpenai(asked, key) ?? answerChat(body, next({ api: 'openai-chat', headers: request.headers, body, prompt: promptOf(body) }));
    case 'POST /v1/embeddings':
      return refuseOpenai(asked, key) ?? answerEmbeddings(body, next({ api: 'openai-embeddings', headers: request.headers, body, prompt: JSON.stringify(body['input']) }), dimensions);
    case 'POST /v1/messages':
      return refuseAnthropic(asked, key) ?? answerAnthropic(body, next({ api: 'anthropic', headers: request.headers, body, prompt: promptOf(body) }));
    default:
      return { status: 404, json: { error: { type: 'not_found_error', message: `there is no ${String(request.method)} ${String(request.url)}` } } };
  }
}

async function readJson(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
  } catch {
    return {};
  }
}

function promptOf({ system, messages }: JsonObject): string {
  const said = (Array.isArray(messages) ? messages : []).map((message) => textOf((message as JsonObject)['content']));
  return [...(system === undefined ? [] : [textOf(system)]), ...said].join('\n');
}

function textOf(content: JsonValue | undefined): string {
  return typeof content === 'string' ? content : JSON.stringify(content ?? '');
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply === 'silent') return;
  if (reply === 'broken') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"id":', () => response.destroy());
    return;
  }
  response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
  response.end('text' in reply ? reply.text : JSON.stringify(reply.json));
}
