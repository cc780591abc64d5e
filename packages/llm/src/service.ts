import type { JsonObject, LlmMessage, LlmUsage } from '@kb-labs/contracts';

/** One request, in the words that both protocols share. */
export interface Ask {
  readonly model: string;
  readonly system?: string;
  readonly messages: readonly LlmMessage[];
  readonly maxTokens: number;
  readonly temperature?: number;
  /** The JSON Schema that the service itself is to keep the answer to. */
  readonly format?: JsonObject;
}

export interface Told {
  readonly text: string;
  readonly model: string;
  /** The answer ended because it was as long as it may be. */
  readonly cut: boolean;
  readonly refusal?: string;
  readonly usage: LlmUsage;
}

/** How a service is reached for one request. */
export interface Connection {
  readonly url: string | undefined;
  readonly key: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export const NO_USAGE: LlmUsage = { promptTokens: 0, answerTokens: 0 };

export function addUsage(one: LlmUsage, other: LlmUsage): LlmUsage {
  return { promptTokens: one.promptTokens + other.promptTokens, answerTokens: one.answerTokens + other.answerTokens };
}

/** A service may leave it out, or tell anything. */
export function countOf(told: unknown): number {
  return typeof told === 'number' && Number.isFinite(told) && told > 0 ? Math.round(told) : 0;
}
