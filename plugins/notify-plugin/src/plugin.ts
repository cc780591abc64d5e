import { readFileSync } from 'node:fs';

import { defineCommand, definePlugin } from '@kb-labs/sdk';
import { z } from 'zod';

const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

const timeoutMs = z.int().min(1).max(600_000).default(30_000).describe('milliseconds until the other side has to have answered');

export const slackCommand = defineCommand({
  id: 'slack:send',
  describe: 'Posts a message by an incoming webhook of Slack, or of what speaks like it',
  input: z.object({
    text: z.string().min(1).max(40_000).describe('the message; with blocks, what notifications show'),
    plain: z.boolean().default(false).describe('"<", ">" and "&" of the text are meant as they are: no links, no mentions'),
    blocks: z.array(z.looseObject({ type: z.string() })).min(1).max(50).optional().describe('Block Kit'),
    attachments: z.array(z.record(z.string(), z.unknown())).min(1).max(100).optional(),
    threadTs: z.string().max(64).optional().describe('answer in the thread of this message'),
    unfurlLinks: z.boolean().optional().describe('as Slack has it when left out'),
    secret: z
      .enum(['SLACK_WEBHOOK', 'SLACK_WEBHOOK_2', 'SLACK_WEBHOOK_3'])
      .default('SLACK_WEBHOOK')
      .describe('the secret that holds the address of the webhook, which is bound to a channel'),
    timeoutMs,
  }),
  output: z.object({ answer: z.string().describe('what Slack said, "ok"') }),
  permissions: { network: ['*'], secrets: ['SLACK_WEBHOOK', 'SLACK_WEBHOOK_2', 'SLACK_WEBHOOK_3'] },
  handler: './slack/send.js#default',
  examples: ['slack:send --text "Deployed to production"'],
});

const oneLine = /^[^\r\n\0]*$/;

const address = z.string().min(1).max(998).regex(oneLine).describe('"user@example.com", or "Name <user@example.com>"');

const addresses = z.array(address).min(1).max(100);

export const emailCommand = defineCommand({
  id: 'email:send',
  describe: 'Sends a mail by an SMTP server',
  input: z.object({
    host: z.string().min(1).max(255).describe('the SMTP server'),
    port: z.int().min(1).max(65_535).optional().describe('465 with tls "implicit", 25 with "none", else 587'),
    tls: z
      .enum(['starttls', 'implicit', 'none'])
      .default('starttls')
      .describe('"starttls" fails when the server does not offer it; "none" sends in the clear, and without a login'),
    ca: z.string().max(65_536).optional().describe('certificates of the authorities to trust in place of the known ones, as PEM'),
    login: z.boolean().default(true).describe('log in with the secrets SMTP_USER and SMTP_PASSWORD; not with tls "none"'),
    from: address,
    to: addresses,
    cc: addresses.optional(),
    bcc: addresses.optional(),
    replyTo: address.optional(),
    subject: z.string().max(998).regex(oneLine),
    text: z.string().max(1_048_576).optional().describe('a text, HTML, or both'),
    html: z.string().max(1_048_576).optional(),
    attachments: z
      .array(
        z.object({
          artifact: z.string().min(1).describe('the name of an artifact that the job consumes'),
          filename: z.string().min(1).max(255).regex(oneLine).optional().describe('the last part of its name when left out'),
          contentType: z
            .string()
            .max(255)
            .regex(/^[A-Za-z0-9!#$&^_.+-]+\/[A-Za-z0-9!#$&^_.+-]+$/)
            .optional()
            .describe('by the name when left out'),
        }),
      )
      .max(50)
      .optional(),
    timeoutMs,
  }),
  output: z.object({
    messageId: z.string().describe('the same for every try of the step'),
    accepted: z.array(z.string()),
    rejected: z.array(z.string()).describe('recipients that the server did not take, while it took others'),
    answer: z.string(),
  }),
  permissions: { network: ['*'], secrets: ['SMTP_USER', 'SMTP_PASSWORD'] },
  handler: './email/send.js#default',
  examples: ['email:send --host smtp.example.com --from ci@example.com --to ops@example.com --subject "Deployed" --text "Version 3 is live"'],
});

export const webhookCommand = defineCommand({
  id: 'webhook:send',
  describe: 'Sends JSON to the address of another service, signed',
  input: z.object({
    url: z.string().min(1).max(8_192).optional().describe('http or https; the secret WEBHOOK_URL when left out'),
    body: z.unknown().describe('any JSON'),
    method: z.enum(['POST', 'PUT', 'PATCH']).default('POST'),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/), z.string().max(8_192).regex(oneLine))
      .optional()
      .describe('further headers; not those of the body and of the signature'),
    sign: z
      .enum(['standard', 'hmac', 'none'])
      .default('standard')
      .describe('"standard": as Standard Webhooks has it; "hmac": the SHA-256 of the body in one header, as GitHub does it'),
    signatureHeader: z
      .string()
      .max(128)
      .regex(/^[A-Za-z0-9-]+$/)
      .default('X-Signature-256')
      .describe('with "hmac": the header that is "sha256=" and hex digits'),
    secret: z.enum(['WEBHOOK_SECRET', 'WEBHOOK_SECRET_2', 'WEBHOOK_SECRET_3']).default('WEBHOOK_SECRET').describe('the secret to sign with'),
    timeoutMs,
  }),
  output: z.object({
    id: z.string().describe('the same for every try of the step: sent as webhook-id or Idempotency-Key'),
    status: z.int(),
    answer: z.string().describe('at most 64 KiB of it'),
    truncated: z.boolean().describe('the answer is longer'),
  }),
  permissions: { network: ['*'], secrets: ['WEBHOOK_URL', 'WEBHOOK_SECRET', 'WEBHOOK_SECRET_2', 'WEBHOOK_SECRET_3'] },
  handler: './webhook/send.js#default',
  examples: ['webhook:send --url https://example.com/hooks/deploys --body \'{"version":3}\''],
});

export default definePlugin({
  id: '@kb-labs/notify-plugin',
  version,
  describe: 'Tells people and services about a run: Slack messages, mail, signed webhooks',
  commands: [slackCommand, emailCommand, webhookCommand],
});
