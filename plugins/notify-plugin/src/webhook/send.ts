import { type CommandHandler, FatalError, type PluginContext } from '@kb-labs/sdk';

import { httpFailure } from '../http-failure.js';
import type { webhookCommand } from '../plugin.js';
import { readAnswer } from '../read-answer.js';
import { serviceAddress } from '../service-address.js';
import { type Message, messageId, signHmac, signStandard } from './sign.js';

type WebhookInput = Parameters<CommandHandler<typeof webhookCommand>>[0];

const ANSWER_BYTES = 64 * 1024;
/** Written here, and by nobody else. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['content-type', 'content-length', 'host', 'idempotency-key', 'webhook-id', 'webhook-timestamp', 'webhook-signature']);

const send: CommandHandler<typeof webhookCommand> = async (input, ctx) => {
  const url = input.url === undefined ? serviceAddress(await ctx.secrets.get('WEBHOOK_URL'), 'the secret WEBHOOK_URL') : serviceAddress(input.url, 'the url');
  if (input.body === undefined) throw new FatalError('there is no body to send', { code: 'INPUT_INVALID' });
  const message = { id: messageId(ctx.idempotencyKey), sentAt: Date.now(), body: JSON.stringify(input.body) };
  const own = new Headers({ 'content-type': 'application/json', 'user-agent': 'kb-labs', ...(await proof(input, message, ctx)) });
  const headers = new Headers(own);
  for (const [name, value] of Object.entries(input.headers ?? {})) {
    if (OWN_HEADERS.has(name.toLowerCase()) || (own.has(name) && name.toLowerCase() !== 'user-agent')) {
      throw new FatalError(`the header ${name} is the command's own`, { code: 'INPUT_INVALID' });
    }
    headers.set(name, value);
  }
  const response = await ctx.fetch(url, { method: input.method, headers, body: message.body, redirect: 'manual', signal: AbortSignal.timeout(input.timeoutMs) });
  const { text, truncated } = await readAnswer(response, ANSWER_BYTES);
  if (!response.ok) throw httpFailure(url.host, { status: response.status, text, retryAfter: response.headers.get('retry-after') }, Date.now());
  return { id: message.id, status: response.status, answer: text, truncated };
};

export default send;

/** What lets the other side know the sender, and a request that it has had before. */
async function proof({ sign, secret, signatureHeader }: WebhookInput, message: Message, ctx: PluginContext): Promise<Record<string, string>> {
  switch (sign) {
    case 'standard':
      return signStandard(message, await ctx.secrets.get(secret));
    case 'hmac':
      return { 'idempotency-key': message.id, ...signHmac(message.body, await ctx.secrets.get(secret), signatureHeader) };
    case 'none':
      return { 'idempotency-key': message.id };
  }
}
