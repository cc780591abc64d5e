import type { ArtifactHandle, JsonObject, PluginRun } from '@kb-labs/contracts';

import type { JsonBounds } from '../../json-copy.js';

/** What the process of a handler is told to do. `run` counts the calls of one process. */
export interface StartMessage {
  readonly run: number;
  /** The module, absolute, and the name of its export. */
  readonly file: string;
  readonly name: string;
  readonly input: JsonObject;
  /** What of the context can be known beforehand. */
  readonly context: {
    readonly idempotencyKey: string;
    readonly workspace: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly consumed: readonly ArtifactHandle[];
    readonly run: PluginRun;
  };
  readonly bounds: JsonBounds;
}

/** How a call went, when the handler did not throw. `bytes` were counted up to where it was too much. */
export type HandlerAnswer =
  | { readonly kind: 'returned'; readonly outputs: JsonObject }
  | { readonly kind: 'not-loaded'; readonly problem: string }
  | { readonly kind: 'no-function' }
  | { readonly kind: 'no-object'; readonly what: string }
  | { readonly kind: 'refused'; readonly problem: string }
  | { readonly kind: 'too-large'; readonly bytes: number };

/** Bytes that go with one call, such as the content of a file. What is read or written in one piece is at most so large. */
export const MESSAGE_BYTES = 256 * 1024 * 1024;
/** Calls of a handler that are open at once. Its own side makes further ones wait; the engine does not take more. */
export const OPEN_CALLS = 256;

/** An object as both sides say what it is. */
export function kindOfValue(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return value === null ? 'null' : typeof value;
}
