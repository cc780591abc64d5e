import type { LlmDeps, LlmSettings } from '@kb-labs/llm';
import type { Llm } from '@kb-labs/ports';

/** The language model of the settings, loaded when it is first asked for. */
export function composeLlm(settings: LlmSettings, deps: LlmDeps): Llm {
  let opened: Promise<Llm> | undefined;
  const open = (): Promise<Llm> => (opened ??= import('./language-model.js').then(({ createLlm }) => createLlm(settings, deps)));
  return {
    provider: settings.provider,
    configured: async () => (await open()).configured(),
    complete: async (request, signal, choice) => (await open()).complete(request, signal, choice),
    embed: async (texts, signal) => (await open()).embed(texts, signal),
  };
}
