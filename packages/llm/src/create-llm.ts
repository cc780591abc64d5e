import type { LlmAnswer, LlmRequest } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Llm } from '@kb-labs/ports';

import { embedTexts } from './embed-texts.js';
import { LlmFailure } from './llm-failure.js';
import type { Ask, Connection, Told } from './service.js';
import { chatEndpoint, embeddingEndpoint, type Endpoint, type LlmDeps, type LlmSettings } from './settings.js';
import { structuredAnswer } from './structured-answer.js';
import { showable, toFailure } from './to-failure.js';

const ANSWER_TOKENS = 1_024;

/**
 * The language model of the settings. Its SDK is loaded by the first request, the key is looked up for each one, and nothing is tried
 * again but what the caller tries again.
 */
export function createLlm(settings: LlmSettings, deps: LlmDeps): Llm {
  const chat = chatEndpoint(settings);
  const embedding = embeddingEndpoint(settings);
  const refused = new Set<string>();
  const isThere = async (endpoint: Endpoint): Promise<boolean> => endpoint.secret?.required !== true || (await keyOf(endpoint, deps)) !== undefined;
  return {
    configured: async () => ({ chat: await isThere(chat), embeddings: embedding !== undefined && (await isThere(embedding)) }),
    provider: settings.provider,
    complete: (request, signal, { model = settings.model } = {}) => complete(request, {
      settings,
      model,
      refused,
      send: (ask) => reach(chat, { settings, deps, signal }, async (connection) => sender(settings).then((send) => send(ask, connection))),
    }),
    embed: async (texts, signal) => {
      if (embedding === undefined || settings.embeddings === undefined) throw new AppError('LLM_NOT_CONFIGURED', {}, { hint: 'set "llm.embeddings" in .kb/kb.config.yaml' });
      const { model } = settings.embeddings;
      return embedTexts(model, texts, (batch) =>
        reach(embedding, { settings, deps, signal }, async (connection) => (await import('./openai-service.js')).embedByOpenai(model, batch, connection)),
      );
    },
  };
}

async function sender({ provider }: LlmSettings): Promise<(ask: Ask, connection: Connection) => Promise<Told>> {
  switch (provider) {
    case 'openai':
      return (await import('./openai-service.js')).askOpenai;
    case 'anthropic':
      return (await import('./anthropic-service.js')).askAnthropic;
  }
}

interface Completing {
  readonly settings: LlmSettings;
  readonly model: string;
  readonly refused: Set<string>;
  readonly send: (ask: Ask) => Promise<Told>;
}

async function complete(request: LlmRequest, { settings, model: asked, refused, send }: Completing): Promise<LlmAnswer> {
  const { system, messages, temperature, schema } = request;
  if (messages.at(-1)?.role !== 'user' || messages[0]?.role !== 'user') throw new TypeError('the messages begin and end with one of the user');
  const maxTokens = Math.min(request.maxTokens ?? ANSWER_TOKENS, settings.maxTokens);
  const ask: Ask = { model: asked, messages, maxTokens, ...(system === undefined ? {} : { system }), ...(temperature === undefined ? {} : { temperature }) };
  const answered = async (one: Ask): Promise<Told> => requireText(await send(one), one);
  if (schema === undefined) {
    const { text, model, usage } = await answered(ask);
    return { text, model, provider: settings.provider, usage };
  }
  const { told, value, usage } = await structuredAnswer(ask, schema, { send: answered, refused });
  return { text: told.text, value, model: told.model, provider: settings.provider, usage };
}

function requireText(told: Told, { maxTokens }: Ask): Told {
  const { text, refusal, cut, usage } = told;
  if (refusal !== undefined) throw new LlmFailure(`the model refused: ${showable(refusal, { key: undefined })}`, { kbRetry: 'never', usage });
  if (text !== '') return told;
  throw cut ? new LlmFailure(`the answer did not begin within ${String(maxTokens)} tokens`, { kbRetry: 'never', usage }) : new LlmFailure('the answer has no text', { usage });
}

interface Reaching {
  readonly settings: LlmSettings;
  readonly deps: LlmDeps;
  readonly signal: AbortSignal;
}

/** One request: its key, its time and what its failures mean. */
async function reach<Answer>(endpoint: Endpoint, { settings: { timeoutMs }, deps, signal }: Reaching, send: (connection: Connection) => Promise<Answer>): Promise<Answer> {
  const key = await keyOf(endpoint, deps);
  if (key === undefined && endpoint.secret?.required === true) throw new AppError('LLM_NOT_CONFIGURED', {}, { hint: `the secret ${endpoint.secret.name} is not there: "kb secret:set ${endpoint.secret.name}" keeps one on this machine` });
  const late = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, late]);
  try {
    either.throwIfAborted();
    return await send({ url: endpoint.url, key, timeoutMs, signal: either });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (late.aborted) throw new LlmFailure(`there was no answer within ${String(timeoutMs)} ms`);
    throw toFailure(error, { key, clock: deps.clock });
  }
}

async function keyOf({ secret }: Endpoint, { secrets }: LlmDeps): Promise<string | undefined> {
  return secret === undefined ? undefined : secrets.get(secret.name);
}
