import type { JsonObject } from './json.js';

/** One request to a language model, in the words that all providers share. */
export interface LlmRequest {
  /** What the model is told beforehand. */
  readonly system?: string;
  /** In the order they were said, the last of the user. */
  readonly messages: readonly LlmMessage[];
  /** Of the answer. 1,024 when left out. */
  readonly maxTokens?: number;
  /** From 0 to 1; the service's own when left out. */
  readonly temperature?: number;
  /** A JSON Schema that the answer has to fit: it is then JSON, and checked. */
  readonly schema?: JsonObject;
}

export interface LlmMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

export interface LlmAnswer {
  readonly text: string;
  /** The answer as a value, when a schema was asked for. */
  readonly value?: unknown;
  /** As the service names it. */
  readonly model: string;
  readonly provider: 'openai' | 'anthropic';
  readonly usage: LlmUsage;
}

export interface LlmUsage {
  readonly promptTokens: number;
  readonly answerTokens: number;
}

export interface LlmEmbeddings {
  readonly vectors: readonly (readonly number[])[];
  readonly model: string;
  /** When the service tells it. */
  readonly usage?: LlmUsage;
}

/** A language model that is asked in place of the configured one. With another `provider` than the configured one there is none. */
export interface LlmChoice {
  readonly provider?: string;
  readonly model?: string;
}
