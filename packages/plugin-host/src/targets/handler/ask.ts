import type { Message } from '../protocol/channel.js';

/** Asks the engine. `bytes` go along beside the arguments. */
export type Ask = (method: string, args: readonly unknown[], options?: { bytes?: Uint8Array; signal?: AbortSignal }) => Promise<Required<Message>>;
