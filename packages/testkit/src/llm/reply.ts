import type { JsonValue } from '@kb-labs/contracts';

import type { LlmServerAnswer } from './llm-server-answer.js';

/** What goes over the wire. */
export type Reply =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly json: JsonValue }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly text: string }
  | 'silent'
  | 'broken';

/** What the model says, or the reply that stands in its place. `refusal` puts a message into the provider's shape. */
export function spoken(answer: LlmServerAnswer, refusal: (status: number, message: string, code?: string) => JsonValue): { readonly said: Said } | { readonly reply: Reply } {
  if ('silent' in answer) return { reply: 'silent' };
  if ('broken' in answer) return { reply: 'broken' };
  if ('body' in answer) return { reply: { status: 200, text: answer.body } };
  if ('status' in answer) {
    const { status, message = `refused with ${String(status)}`, retryAfter, code } = answer;
    return { reply: { status, json: refusal(status, message, code), ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }) } };
  }
  return { said: 'json' in answer ? { text: JSON.stringify(answer.json) } : answer };
}

export interface Said {
  readonly text: string;
  readonly promptTokens?: number;
  readonly answerTokens?: number;
  readonly cut?: boolean;
}

export function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}
