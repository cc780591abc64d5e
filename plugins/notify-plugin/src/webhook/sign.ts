import { createHash, createHmac } from 'node:crypto';

import { FatalError } from '@kb-labs/sdk';

export interface Message {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
  readonly body: string;
}

/**
 * The same for every try of a step. A digest, for the key of a step is in the words of its document: a header takes not all of them, and an
 * id with a full stop could be read as another id and time.
 */
export function messageId(idempotencyKey: string): string {
  return `msg_${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 40)}`;
}

/** The headers of Standard Webhooks 1.0: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md. */
export function signStandard({ id, sentAt, body }: Message, secret: string): Record<string, string> {
  const seconds = String(Math.floor(sentAt / 1_000));
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${seconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}` };
}

/** The SHA-256 HMAC of the body with the secret as it is, in one header. */
export function signHmac(body: string, secret: string, header: string): Record<string, string> {
  return { [header]: `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
}

/** What the Base64 stands for, with `whsec_` before it or not. Anything else would be cut to a weaker key without a word. */
function keyOf(secret: string): Buffer {
  const written = secret.trim().replace(/^whsec_/, '');
  const key = Buffer.from(written, 'base64');
  if (key.length < 16 || key.toString('base64').replace(/=+$/, '') !== written.replace(/=+$/, '')) {
    throw new FatalError('the secret to sign with is no key of Standard Webhooks', {
      code: 'SECRET_UNUSABLE',
      hint: '"whsec_" and the Base64 of 24 to 64 bytes; sign with "hmac" when the other side takes any text',
    });
  }
  return key;
}
