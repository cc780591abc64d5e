import type { LlmAnswer, LlmChoice, LlmRequest, Permissions } from '@kb-labs/contracts';
import type { Llm, Redactor } from '@kb-labs/ports';
import { describe, expect, it } from 'vitest';

import { recordCall } from '../step-call.fixture.js';
import { createContext } from './create-context.js';
import { toGrant } from './grant.js';

const HELLO: LlmRequest = { messages: [{ role: 'user', content: 'hello' }] };
const ANSWER: LlmAnswer = { text: 'hi', model: 'm', provider: 'openai', usage: { promptTokens: 6, answerTokens: 4 } };

/** A model that remembers what it was sent. The real ones have tests of their own. */
function recordingLlm(answer: () => Promise<LlmAnswer> = () => Promise.resolve(ANSWER)) {
  const sent: unknown[] = [];
  const llm: Llm = {
    provider: 'openai',
    configured: () => Promise.resolve({ chat: true, embeddings: true }),
    complete: (request, _, { model } = {}) => (sent.push(model === undefined ? request : { ...request, model }), answer()),
    embed: (texts) => (sent.push(texts), Promise.resolve({ vectors: texts.map(() => [1]), model: 'e', usage: { promptTokens: 5, answerTokens: 0 } })),
  };
  return { llm, sent };
}

interface Given {
  readonly declared?: Permissions;
  readonly granted?: Permissions;
  readonly llm?: Llm;
  readonly choice?: LlmChoice;
  readonly redactor?: Redactor;
}

function contextOf({ declared = { services: ['llm'] }, granted = {}, llm, choice, redactor }: Given) {
  const { call } = recordCall({ workspace: '/', permissions: granted, ...(choice === undefined ? {} : { llm: choice }), ...(redactor === undefined ? {} : { redactor }) });
  return createContext(call, { grant: toGrant(declared, granted), hostEnv: {}, killGraceMs: 1, services: llm === undefined ? {} : { llm } });
}

describe('ctx.llm', () => {
  it.each<[string, Permissions, Permissions, boolean]>([
    ['the command declares it', { services: ['llm'] }, {}, true],
    ['the document grants it too', { services: ['llm'] }, { services: ['storage', 'llm'] }, true],
    ['the document names other services', { services: ['llm'] }, { services: ['storage'] }, false],
    ['the document names no service', { services: ['llm'] }, { services: [] }, false],
    ['only the document names it', {}, { services: ['llm'] }, false],
  ])('is there when both sides allow it: %s', async (_, declared, granted, allowed) => {
    const { llm, sent } = recordingLlm();
    const { ctx } = contextOf({ declared, granted, llm });
    expect(await ctx.llm.configured()).toEqual({ chat: allowed, embeddings: allowed });
    for (const asking of [ctx.llm.complete(HELLO), ctx.llm.embed(['a'])]) {
      if (allowed) await expect(asking).resolves.toBeDefined();
      else await expect(asking).rejects.toMatchObject({ code: 'PERMISSION_DENIED', message: 'denied: using ctx.llm needs the permission services: [llm]' });
    }
    expect(sent.length).toBe(allowed ? 2 : 0);
  });

  it('says that there is none', async () => {
    const { ctx } = contextOf({});
    expect(await ctx.llm.configured()).toEqual({ chat: false, embeddings: false });
    await expect(ctx.llm.complete(HELLO)).rejects.toMatchObject({ code: 'LLM_NOT_CONFIGURED' });
    await expect(ctx.llm.embed(['a'])).rejects.toMatchObject({ code: 'LLM_NOT_CONFIGURED' });
  });

  it('is the model of the step where that is not for the host to say', async () => {
    const { llm, sent } = recordingLlm();
    for (const choice of [{ model: 'm-2' }, { provider: 'openai', model: 'm-2' }, { provider: 'openai' }]) await contextOf({ llm, choice }).ctx.llm.complete(HELLO);
    expect(sent).toEqual([{ ...HELLO, model: 'm-2' }, { ...HELLO, model: 'm-2' }, HELLO]);
    const { ctx } = contextOf({ llm, choice: { provider: 'anthropic', model: 'm-2' } });
    expect(await ctx.llm.configured()).toEqual({ chat: false, embeddings: false });
    await expect(ctx.llm.complete(HELLO)).rejects.toMatchObject({ code: 'LLM_NOT_CONFIGURED', hint: 'the playbook asks for anthropic, and this installation has openai' });
    expect(sent).toHaveLength(3);
  });

  it('sends no secret away', async () => {
    const { llm, sent } = recordingLlm();
    const redactor: Redactor = { text: (text) => text.replaceAll('swordfish', '***'), bytes: () => { throw new Error('not asked for'); } };
    const { ctx } = contextOf({ llm, redactor });
    await ctx.llm.complete({ system: 'a swordfish', messages: [{ role: 'user', content: 'my swordfish' }, { role: 'assistant', content: 'swordfish!' }, { role: 'user', content: '?' }], schema: { type: 'object', properties: { swordfish: { enum: ['swordfish'] } } } });
    await ctx.llm.embed(['one swordfish', 'two']);
    expect(JSON.stringify(sent)).not.toContain('swordfish');
    expect(JSON.stringify(sent)).toContain('one ***');
  });

  it('counts calls, and tokens once they are known, also of a call that failed', async () => {
    const calls = contextOf({ ...recordingLlm(), declared: { services: ['llm'], quotas: { 'llm-calls': 2 } } }).ctx;
    await calls.llm.complete(HELLO);
    await calls.llm.embed(['a']);
    await expect(calls.llm.complete(HELLO)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', details: { quota: 'llm-calls', limit: 2 } });

    const recorded = recordingLlm();
    const tokens = contextOf({ llm: recorded.llm, granted: { quotas: { 'llm-tokens': 12 } } }).ctx;
    await tokens.llm.complete(HELLO);
    await tokens.llm.embed(['a']);
    await expect(tokens.llm.complete(HELLO)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', details: { quota: 'llm-tokens', limit: 12 } });
    expect(recorded.sent.length).toBe(2);

    const failing = recordingLlm(() => Promise.reject(Object.assign(new Error('of no use'), { usage: { promptTokens: 12, answerTokens: 0 } })));
    const failed = contextOf({ llm: failing.llm, granted: { quotas: { 'llm-tokens': 12 } } }).ctx;
    await expect(failed.llm.complete(HELLO)).rejects.toThrow('of no use');
    await expect(failed.llm.complete(HELLO)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  });

  it('embeds no more texts at once than allowed, and does nothing after its step', async () => {
    const { llm, sent } = recordingLlm();
    const { ctx, close } = contextOf({ llm });
    await expect(ctx.llm.embed(Array.from({ length: 513 }, () => 'x'))).rejects.toThrow(RangeError);
    await close();
    await expect(ctx.llm.complete(HELLO)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(sent).toEqual([]);
  });
});
