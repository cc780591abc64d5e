import type { JsonValue } from '@kb-labs/contracts';

/** What the server answers to one request. */
export type LlmServerAnswer =
  /** What the model says, and the usage that is told with it; the usage is counted in words when left out. */
  | { readonly text: string; readonly promptTokens?: number; readonly answerTokens?: number; /** The answer ended because it was long enough. */ readonly cut?: boolean }
  /** What the model says, as JSON. */
  | { readonly json: JsonValue }
  /** A refusal in the words of the provider. `retryAfter` is the header of that name; `code` is told by OpenAI's protocol. */
  | { readonly status: number; readonly message?: string; readonly retryAfter?: string; readonly code?: string }
  /** Exactly this body, with status 200. */
  | { readonly body: string }
  /** Never answers. */
  | { readonly silent: true }
  /** Begins an answer and cuts the connection. */
  | { readonly broken: true };
