import type { LlmAnswer, LlmChoice, LlmEmbeddings, LlmRequest } from '@kb-labs/contracts';

/**
 * The language model of an installation. Calls fail with `LLM_NOT_CONFIGURED`, and with `LLM_FAILED`, whose `kbRetry` says whether and
 * when another try can help; they are ended by their signal. What it is sent leaves the machine: secrets are taken out before.
 */
export interface Llm {
  readonly provider: LlmAnswer['provider'];
  /** What can be asked for now. Looks whether the key is there, and asks no service. */
  configured(): Promise<{ readonly chat: boolean; readonly embeddings: boolean }>;
  /** `model` is asked in place of the configured one. */
  complete(request: LlmRequest, signal: AbortSignal, choice?: Pick<LlmChoice, 'model'>): Promise<LlmAnswer>;
  embed(texts: readonly string[], signal: AbortSignal): Promise<LlmEmbeddings>;
}
