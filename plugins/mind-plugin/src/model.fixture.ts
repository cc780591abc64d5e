import type { PluginLlm } from '@kb-labs/sdk';
import type { LlmServer } from '@kb-labs/testkit';

export interface Models {
  readonly chat?: string;
  readonly embeddings?: string;
}

/** `ctx.llm` over the wire, as a service of that kind is spoken to. */
export function modelOf(server: LlmServer, { chat, embeddings }: Models): PluginLlm {
  const post = async <Answer>(path: string, body: object): Promise<Answer> => {
    const response = await fetch(`${server.openaiUrl}/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (!response.ok) throw Object.assign(new Error(`the language model did not answer: ${await response.text()}`), { code: 'LLM_FAILED' });
    return (await response.json()) as Answer;
  };
  return {
    configured: async () => ({ chat: chat !== undefined, embeddings: embeddings !== undefined }),
    complete: async ({ system, messages, maxTokens, temperature }) => {
      const body = { model: chat, max_tokens: maxTokens, temperature, messages: [{ role: 'system', content: system }, ...messages] };
      const answer = await post<{ readonly model: string; readonly choices: readonly { readonly message: { readonly content: string } }[] }>('chat/completions', body);
      return { text: answer.choices[0]?.message.content ?? '', model: answer.model, provider: 'openai', usage: { promptTokens: 0, answerTokens: 0 } };
    },
    embed: async (texts) => {
      const answer = await post<{ readonly model: string; readonly data: readonly { readonly embedding: readonly number[] }[] }>('embeddings', { model: embeddings, input: texts });
      return { vectors: answer.data.map(({ embedding }) => embedding), model: answer.model };
    },
  };
}
