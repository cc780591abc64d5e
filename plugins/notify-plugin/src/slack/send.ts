import type { CommandHandler, PluginContext } from '@kb-labs/sdk';
import { IncomingWebhook, type IncomingWebhookSendArguments } from '@slack/webhook';

import { httpFailure } from '../http-failure.js';
import type { slackCommand } from '../plugin.js';
import { readAnswer } from '../read-answer.js';
import { serviceAddress } from '../service-address.js';

type SlackInput = Parameters<CommandHandler<typeof slackCommand>>[0];

const ANSWER_BYTES = 4 * 1024;

const send: CommandHandler<typeof slackCommand> = async (input, ctx) => {
  const url = serviceAddress(await ctx.secrets.get(input.secret), `the secret ${input.secret}`);
  let failure: unknown;
  const webhook = new IncomingWebhook(url.href, {
    fetch: async (address, init) => {
      try {
        return await deliver(ctx, { address, init: init ?? {}, timeoutMs: input.timeoutMs });
      } catch (error) {
        failure = error;
        throw error;
      }
    },
  });
  try {
    const { text } = await webhook.send(toMessage(input));
    return { answer: text };
  } catch (error) {
    // The library wraps what went wrong; the step is told of it as it was.
    throw failure ?? error;
  }
};

export default send;

interface Delivery {
  readonly address: string | URL;
  readonly init: RequestInit;
  readonly timeoutMs: number;
}

/** The library's request by `ctx.fetch`, so that the permissions of the step hold for it. */
async function deliver(ctx: PluginContext, { address, init, timeoutMs }: Delivery): Promise<Response> {
  const response = await ctx.fetch(address, { ...init, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
  const { text } = await readAnswer(response, ANSWER_BYTES);
  if (!response.ok) throw httpFailure('Slack', { status: response.status, text, retryAfter: response.headers.get('retry-after') }, Date.now());
  return new Response(text, { status: response.status });
}

function toMessage({ text, plain, blocks, attachments, threadTs, unfurlLinks }: SlackInput): IncomingWebhookSendArguments {
  return {
    text: plain ? escaped(text) : text,
    ...(blocks === undefined ? {} : { blocks }),
    ...(attachments === undefined ? {} : { attachments }),
    ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
    ...(unfurlLinks === undefined ? {} : { unfurl_links: unfurlLinks, unfurl_media: unfurlLinks }),
  };
}

/** The three characters that Slack reads as its own: https://docs.slack.dev/messaging/formatting-message-text. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
