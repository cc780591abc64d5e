import type { PluginContext } from '@kb-labs/sdk';

import { isDenied } from '../store/refresh-index.js';

/** Which models there are for this step. Where the document does not grant them, there is none. */
export async function configured(ctx: PluginContext): Promise<{ readonly chat: boolean; readonly embeddings: boolean }> {
  return ctx.llm.configured().catch((error: unknown) => {
    if (isDenied(error)) return { chat: false, embeddings: false };
    throw error;
  });
}
