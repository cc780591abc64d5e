import { createHash, createHmac } from 'node:crypto';

import { testContext } from '@kb-labs/sdk/testing';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';

import { webhookCommand } from '../plugin.js';
import { startReceiver } from '../receiver.fixture.js';
import send from './send.js';

const KEY = `whsec_${Buffer.from('twenty-four bytes of key').toString('base64')}`;
/** Of the key of the step: the words of a document, in any script. */
const STEP = 'run_1.bauen (größe: 2, a.b).1.step';
const ID = `msg_${createHash('sha256').update(STEP).digest('hex').slice(0, 40)}`;
const SECRETS = { WEBHOOK_SECRET: KEY, WEBHOOK_SECRET_2: 'any text' };

let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  receiver = await startReceiver();
});
beforeEach(() => {
  receiver.received.length = 0;
});
afterAll(() => receiver.close());

async function run(input: Partial<z.input<typeof webhookCommand.input>>, secrets: Readonly<Record<string, string>> = SECRETS) {
  using ctx = testContext({ secrets, idempotencyKey: STEP });
  const output = await send(webhookCommand.input.parse({ url: `${receiver.url}/hook`, body: { version: 3 }, ...input }), ctx);
  expect(webhookCommand.output.parse(output)).toEqual(output);
  return output;
}

const RETRYABLE = { kbRetry: undefined };

describe('webhook:send', () => {
  it('signs so that the library of Standard Webhooks takes it, with an id by the key of the step', async () => {
    const body = { text: 'ünï', list: [1, null, true], nested: { a: 'b' } };
    expect(await run({ body })).toEqual({ id: ID, status: 200, answer: 'ok', truncated: false });
    const [request] = receiver.received;
    const headers = request?.headers as Record<string, string>;
    expect([request?.method, request?.path, headers['content-type'], headers['webhook-id']]).toEqual(['POST', '/hook', 'application/json', ID]);
    expect(new Webhook(KEY).verify(request?.body ?? '', headers)).toEqual(body);
    expect(() => new Webhook(`whsec_${Buffer.from('another key of the length').toString('base64')}`).verify(request?.body ?? '', headers)).toThrow();
    expect(() => new Webhook(KEY).verify(`${request?.body ?? ''} `, headers)).toThrow();
  });

  it('signs in one header where the other side takes that', async () => {
    await run({ sign: 'hmac', secret: 'WEBHOOK_SECRET_2', signatureHeader: 'X-Hub-Signature-256' });
    const [request] = receiver.received;
    expect(request?.headers['x-hub-signature-256']).toBe(`sha256=${createHmac('sha256', 'any text').update(request?.body ?? '').digest('hex')}`);
    expect(request?.headers['idempotency-key']).toBe(ID);
    expect(request?.headers).not.toHaveProperty('webhook-signature');
  });

  it('sends unsigned only when told to, and needs no secret then', async () => {
    await run({ sign: 'none', method: 'PUT', body: 'text', headers: { authorization: 'Bearer x', 'user-agent': 'mine' } }, {});
    expect(receiver.received[0]).toMatchObject({ method: 'PUT', body: '"text"', headers: { authorization: 'Bearer x', 'user-agent': 'mine', 'idempotency-key': ID } });
    await expect(run({}, {})).rejects.toMatchObject({ code: 'SECRET_MISSING' });
    expect(receiver.received).toHaveLength(1);
  });

  it('takes its address from a secret, which then is in no message', async () => {
    await run({ url: undefined }, { ...SECRETS, WEBHOOK_URL: `${receiver.url}/of/the/secret` });
    expect(receiver.received[0]?.path).toBe('/of/the/secret');
    await expect(run({ url: undefined }, { ...SECRETS, WEBHOOK_URL: 'planted-word' })).rejects.toMatchObject({ code: 'INPUT_INVALID', kbRetry: 'never', message: expect.not.stringContaining('planted-word') as string });
    await expect(run({ url: 'file:///etc/passwd' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it.each(['Content-Type', 'webhook-id', 'Webhook-Signature', 'idempotency-key', 'host', 'content-length'])('lets nobody write the header %s', async (name) => {
    await expect(run({ headers: { [name]: 'x' } })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(receiver.received).toHaveLength(0);
  });

  it('lets nobody write the header of the signature, and no line break into any', async () => {
    await expect(run({ sign: 'hmac', signatureHeader: 'X-Sig', headers: { 'x-sig': 'x' } })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(webhookCommand.input.safeParse({ body: 1, headers: { 'x-a': 'b\r\nx-c: d' } }).success).toBe(false);
    expect(webhookCommand.input.safeParse({ body: 1, headers: { 'x-a\r\nx-c': 'd' } }).success).toBe(false);
  });

  it.each(['any text', 'whsec_', 'whsec_c2hvcnQ=', 'whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!'])('refuses %j as a key to sign with', async (secret) => {
    await expect(run({}, { WEBHOOK_SECRET: secret })).rejects.toMatchObject({ code: 'SECRET_UNUSABLE', kbRetry: 'never' });
    expect(receiver.received).toHaveLength(0);
  });

  it.each([
    [400, {}, { code: 'REFUSED', kbRetry: 'never' }],
    [401, {}, { code: 'REFUSED', kbRetry: 'never' }],
    [404, {}, { code: 'REFUSED', kbRetry: 'never' }],
    [410, { 'retry-after': '5' }, { code: 'REFUSED', kbRetry: 'never' }],
    [307, { location: '/other' }, { code: 'REDIRECTED', kbRetry: 'never' }],
    [408, {}, { code: 'SERVICE_FAILED', ...RETRYABLE }],
    [425, {}, { code: 'SERVICE_FAILED', ...RETRYABLE }],
    [429, {}, { code: 'RATE_LIMIT', ...RETRYABLE }],
    [429, { 'retry-after': '7' }, { code: 'RATE_LIMIT', kbRetry: 7_000 }],
    [503, { 'retry-after': '0' }, { code: 'RATE_LIMIT', kbRetry: 0 }],
    [503, { 'retry-after': '99999999999' }, { code: 'RATE_LIMIT', kbRetry: 86_400_000 }],
    [503, { 'retry-after': 'soon' }, { code: 'SERVICE_FAILED', ...RETRYABLE }],
    [503, { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, { code: 'RATE_LIMIT', kbRetry: 0 }],
    [500, {}, { code: 'SERVICE_FAILED', ...RETRYABLE }],
    [502, { 'retry-after': '7' }, { code: 'SERVICE_FAILED', ...RETRYABLE }],
  ])('after %d with %j it is %j', async (status, headers, failure) => {
    receiver.reply({ status, headers, body: 'words of the service' });
    const end = await run({}).catch((error: unknown) => error);
    const { code, kbRetry, message } = end as { code: string; kbRetry: unknown; message: string };
    expect({ code, kbRetry }).toEqual(failure);
    expect(message).toContain('words of the service');
    expect(receiver.received).toHaveLength(1);
  });

  it('reads so much of an answer and no more', async () => {
    receiver.reply({ body: 'ü'.repeat(1_000_000) });
    const { answer, truncated } = await run({});
    expect([answer.length, truncated]).toEqual([32_768, true]);
    receiver.reply({ body: `a${'ü'.repeat(1_000_000)}` });
    expect((await run({})).answer.at(-1)).toBe('ü');
  });

  it('does not wait for longer than it is told', async () => {
    receiver.reply({ silent: true });
    await expect(run({ timeoutMs: 50 })).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
