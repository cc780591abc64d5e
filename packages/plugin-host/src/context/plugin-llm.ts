import { type LlmChoice, type LlmRequest, type LlmUsage, LIMITS, type PluginLlm } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Llm, Redactor } from '@kb-labs/ports';

import type { Grant } from './grant.js';
import type { Quota } from './quota.js';
import { redactStrings } from './redact-strings.js';

export interface LlmOptions {
  readonly llm: Llm | undefined;
  /** What the step is to ask, when that is not for the host to say. */
  readonly choice: LlmChoice | undefined;
  readonly grant: Pick<Grant, 'requireService' | 'mayUseService'>;
  readonly quota: Quota;
  readonly redactor: Redactor | undefined;
  readonly signal: AbortSignal;
}

/** `ctx.llm`. What it sends leaves the machine, so secrets are taken out first. */
export function pluginLlm({ llm: hosted, choice = {}, grant, quota, redactor, signal }: LlmOptions): PluginLlm {
  const { provider } = choice;
  const llm = provider === undefined || provider === hosted?.provider ? hosted : undefined;
  const begin = (): Llm => {
    grant.requireService('llm');
    if (llm === undefined) throw new AppError('LLM_NOT_CONFIGURED', {}, provider === undefined || hosted === undefined ? {} : { hint: `the playbook asks for ${provider}, and this installation has ${hosted.provider}` });
    signal.throwIfAborted();
    quota.requireLeft('llm-tokens');
    quota.take('llm-calls');
    return llm;
  };
  const count = (usage: unknown): void => {
    if (isUsage(usage)) quota.spend('llm-tokens', usage.promptTokens + usage.answerTokens);
  };
  /** A service may have counted tokens for an answer that was of no use. */
  const counted = async <Told extends { readonly usage?: LlmUsage }>(told: Promise<Told>): Promise<Told> => {
    try {
      const done = await told;
      count(done.usage);
      return done;
    } catch (error) {
      if (typeof error === 'object' && error !== null && 'usage' in error) count(error.usage);
      throw error;
    }
  };
  return {
    configured: async () => (llm !== undefined && grant.mayUseService('llm') ? llm.configured() : { chat: false, embeddings: false }),
    complete: async (request) => {
      const service = begin();
      return counted(service.complete(redactRequest(request, redactor), signal, choice));
    },
    embed: async (texts) => {
      if (texts.length > LIMITS.llmTexts) throw new RangeError(`at most ${String(LIMITS.llmTexts)} texts are embedded at once, not ${String(texts.length)}`);
      const service = begin();
      return counted(service.embed(texts.map((text) => redactor?.text(text) ?? text), signal));
    },
  };
}

function redactRequest(request: LlmRequest, redactor: Redactor | undefined): LlmRequest {
  if (redactor === undefined) return request;
  const { system, messages, schema } = request;
  return {
    ...request,
    ...(system === undefined ? {} : { system: redactor.text(system) }),
    messages: messages.map(({ role, content }) => ({ role, content: redactor.text(content) })),
    ...(schema === undefined ? {} : { schema: redactStrings(redactor, schema) as typeof schema }),
  };
}

function isUsage(usage: unknown): usage is LlmUsage {
  return typeof usage === 'object' && usage !== null && 'promptTokens' in usage && 'answerTokens' in usage && Number.isFinite(usage.promptTokens) && Number.isFinite(usage.answerTokens);
}
