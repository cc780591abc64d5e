import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { posix } from 'node:path';

import { type CommandHandler, FatalError, type PluginContext } from '@kb-labs/sdk';
import { createTransport, type SendMailOptions } from 'nodemailer';

import type { emailCommand } from '../plugin.js';
import { asSocket } from './as-socket.js';
import { mailFailure } from './mail-failure.js';
import { type OneAddress, oneAddress } from './one-address.js';

type EmailInput = Parameters<CommandHandler<typeof emailCommand>>[0];

const PORTS = { starttls: 587, implicit: 465, none: 25 } as const;
/** What mail servers commonly take, before it grows by a third on the way. */
const ATTACHMENT_BYTES = 25 * 1024 * 1024;

const send: CommandHandler<typeof emailCommand> = async (input, ctx) => {
  const mail = await toMail(input, ctx);
  const auth = await toLogin(input, ctx);
  const connection = asSocket(await ctx.connect(input.host, input.port ?? PORTS[input.tls]));
  // It is over with the step: a conversation that stands still would hold the handler.
  const end = (): void => void connection.destroy(new Error('the step is over'));
  ctx.signal.addEventListener('abort', end, { once: true });
  try {
    const transport = createTransport({
      connection,
      host: input.host,
      secure: input.tls === 'implicit',
      requireTLS: input.tls === 'starttls',
      ignoreTLS: input.tls === 'none',
      tls: { minVersion: 'TLSv1.2', ...(isIP(input.host) === 0 ? { servername: input.host } : {}), ...(input.ca === undefined ? {} : { ca: input.ca }) },
      greetingTimeout: input.timeoutMs,
      socketTimeout: input.timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(auth === undefined ? {} : { auth }),
    });
    const sent = await transport.sendMail(mail);
    if (sent.rejected.length > 0) ctx.log.warn(`the mail server did not take: ${sent.rejected.join(', ')}`);
    return { messageId: sent.messageId, accepted: sent.accepted, rejected: sent.rejected, answer: sent.response };
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw mailFailure(error);
  } finally {
    ctx.signal.removeEventListener('abort', end);
    connection.destroy();
  }
};

export default send;

async function toMail(input: EmailInput, ctx: PluginContext): Promise<SendMailOptions> {
  if (input.text === undefined && input.html === undefined) throw new FatalError('a mail has a "text", an "html", or both', { code: 'INPUT_INVALID' });
  const all = (written: readonly string[] | undefined, place: string): OneAddress[] => (written ?? []).map((each, index) => oneAddress(each, `${place}[${String(index)}]`));
  const from = oneAddress(input.from, 'from');
  return {
    from,
    to: all(input.to, 'to'),
    cc: all(input.cc, 'cc'),
    bcc: all(input.bcc, 'bcc'),
    ...(input.replyTo === undefined ? {} : { replyTo: oneAddress(input.replyTo, 'replyTo') }),
    subject: input.subject,
    ...(input.text === undefined ? {} : { text: input.text }),
    ...(input.html === undefined ? {} : { html: input.html }),
    messageId: messageId(ctx.idempotencyKey, from.address),
    attachments: await toAttachments(input, ctx),
    // Filters that answer by themselves leave it alone: RFC 3834, 5.
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

/** The same for every try, so that servers and readers can tell a mail that comes twice. */
function messageId(key: string, from: string): string {
  return `<${createHash('sha256').update(key).digest('hex').slice(0, 40)}@${from.slice(from.lastIndexOf('@') + 1)}>`;
}

async function toLogin({ login, tls }: EmailInput, ctx: PluginContext): Promise<{ user: string; pass: string } | undefined> {
  if (!login) return undefined;
  if (tls === 'none') throw new FatalError('a password is not sent in the clear', { code: 'INPUT_INVALID', hint: 'set "login: false", or another "tls"' });
  return { user: await ctx.secrets.get('SMTP_USER'), pass: await ctx.secrets.get('SMTP_PASSWORD') };
}

async function toAttachments({ attachments = [] }: EmailInput, ctx: PluginContext): Promise<NonNullable<SendMailOptions['attachments']>> {
  const listed = attachments.map(({ artifact }) => ctx.artifacts.consumed.find(({ name }) => name === artifact)?.bytes ?? 0);
  if (listed.reduce((sum, bytes) => sum + bytes, 0) > ATTACHMENT_BYTES) throw new FatalError('the attachments are larger than 25 MiB together', { code: 'INPUT_INVALID' });
  return Promise.all(
    attachments.map(async ({ artifact, filename, contentType }) => ({
      filename: filename ?? posix.basename(artifact),
      content: Buffer.from(await ctx.artifacts.read(artifact)),
      ...(contentType === undefined ? {} : { contentType }),
    })),
  );
}
