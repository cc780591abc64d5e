import { createServer, type Socket } from 'node:net';

import { testContext } from '@kb-labs/sdk/testing';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';

import { emailCommand } from '../plugin.js';
import { type Certificate, selfSigned, startMailServer } from './mail-server.fixture.js';
import send from './send.js';

const SECRETS = { SMTP_USER: 'mailer', SMTP_PASSWORD: 'swordfish' };

let certificate: Certificate;
beforeAll(() => {
  certificate = selfSigned();
});
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function serve(options: Parameters<typeof startMailServer>[0] = {}) {
  const server = await startMailServer({ ...certificate, ...options });
  closing.push(server.close);
  return server;
}

type Input = z.input<typeof emailCommand.input>;

async function run(input: Partial<Input>, options: Parameters<typeof testContext>[0] = {}) {
  using ctx = testContext({ secrets: SECRETS, idempotencyKey: 'step_abc', ...options });
  const mail = { host: 'localhost', ca: certificate.cert, from: 'CI <ci@example.com>', to: ['ops@example.com'], subject: 'Deployed', text: 'Version 3 is live', ...input };
  const output = await send(emailCommand.input.parse(mail), ctx);
  expect(emailCommand.output.parse(output)).toEqual(output);
  return { output, lines: ctx.lines };
}

const headerOf = (raw: string, name: string): string | undefined => new RegExp(`^${name}: (.*(?:\\r\\n[ \\t].*)*)`, 'im').exec(raw.slice(0, raw.indexOf('\r\n\r\n')))?.[1]?.replaceAll(/\r\n[ \t]/g, ' ');

describe('email:send', () => {
  it.each(['starttls', 'implicit'] as const)('logs in and sends by %s', async (tls) => {
    const server = await serve({ secure: tls === 'implicit', authOptional: false });
    const { output } = await run({ tls, port: server.port });
    expect(output).toMatchObject({ accepted: ['ops@example.com'], rejected: [], answer: expect.stringMatching(/^250/) as string });
    expect(server.mails).toMatchObject([{ from: 'ci@example.com', to: ['ops@example.com'], user: 'mailer', secure: true }]);
    expect(server.mails[0]?.raw).toContain('\r\n\r\nVersion 3 is live');
  });

  it('sends in the clear when told to, and then no password', async () => {
    const server = await serve({ hideSTARTTLS: true });
    await run({ tls: 'none', login: false, port: server.port }, { secrets: {} });
    expect(server.mails).toMatchObject([{ secure: false }]);
    await expect(run({ tls: 'none', port: server.port })).rejects.toMatchObject({ code: 'INPUT_INVALID', kbRetry: 'never' });
    expect(server.mails).toHaveLength(1);
  });

  it('writes both kinds of text, all who get it, and what is attached', async () => {
    const server = await serve();
    const report = 'line one\nline two ünï';
    await run(
      {
        port: server.port,
        to: ['Ops <ops@example.com>', 'dev@example.com'],
        cc: ['"Last, First" <lead@example.com>'],
        bcc: ['audit@example.com'],
        replyTo: 'team@example.com',
        subject: 'Änderung 3',
        html: '<b>Version 3</b>',
        attachments: [{ artifact: 'reports/report.md' }, { artifact: 'raw', filename: 'ünï.bin', contentType: 'application/x-thing' }],
      },
      { secrets: SECRETS, idempotencyKey: 'step_abc', consumed: { 'reports/report.md': report, raw: new Uint8Array([0, 255, 13, 10]) } },
    );
    const [mail] = server.mails;
    const raw = mail?.raw ?? '';
    expect(mail?.to).toEqual(['ops@example.com', 'dev@example.com', 'lead@example.com', 'audit@example.com']);
    expect(raw).not.toContain('audit@');
    expect([headerOf(raw, 'to'), headerOf(raw, 'cc'), headerOf(raw, 'reply-to'), headerOf(raw, 'auto-submitted')]).toEqual(['Ops <ops@example.com>, dev@example.com', '"Last, First" <lead@example.com>', 'team@example.com', 'auto-generated']);
    expect(headerOf(raw, 'subject')).toBe('=?UTF-8?Q?=C3=84nderung_3?=');
    expect(raw).toMatch(/multipart\/mixed[^]*multipart\/alternative[^]*Version 3 is live[^]*<b>Version 3<\/b>[^]*filename=report\.md[^]*application\/x-thing/);
    expect(raw.replaceAll('\r\n', '')).toContain(Buffer.from([0, 255, 13, 10]).toString('base64'));
    expect(raw.replaceAll('\r\n', '')).toContain(Buffer.from(report).toString('base64'));
  });

  it('sends a line that is one dot as any other', async () => {
    const server = await serve();
    await run({ port: server.port, text: 'one\r\n.\r\n..two' });
    expect(server.mails[0]?.raw).toMatch(/\r\n\r\none\r\n\.\r\n\.\.two\r\n$/);
  });

  it('has the same Message-ID in every try of a step, and another in another step', async () => {
    const server = await serve();
    const ids: (string | undefined)[] = [];
    for (const idempotencyKey of ['step_abc', 'step_abc', 'step_xyz']) ids.push((await run({ port: server.port }, { secrets: SECRETS, idempotencyKey })).output.messageId);
    expect(ids[0]).toMatch(/^<[0-9a-f]{40}@example\.com>$/);
    expect([ids[1] === ids[0], ids[2] === ids[0]]).toEqual([true, false]);
    expect(server.mails.map(({ raw }) => headerOf(raw, 'message-id'))).toEqual(ids);
  });

  const INJECTED: readonly Partial<Record<keyof Input, unknown>>[] = [
    { subject: 'x\r\nBcc: evil@example.com' },
    { subject: 'x\nBcc: evil@example.com' },
    { from: 'ci@example.com\r\nBcc: evil@example.com' },
    { from: 'CI\r\nBcc: evil@example.com\r\n <ci@example.com>' },
    { to: ['ops@example.com\r\nRCPT TO:<evil@example.com>'] },
    { cc: ['a@example.com\nX: y'] },
    { replyTo: 'a@example.com\rX: y' },
    { attachments: [{ artifact: 'a', filename: 'x\r\nX: y' }] },
    { attachments: [{ artifact: 'a', contentType: 'text/plain\r\nX: y' }] },
  ];
  it.each(INJECTED)('takes no line break where a header would begin: %j', (input) => {
    expect(emailCommand.input.safeParse({ host: 'h', from: 'a@example.com', to: ['b@example.com'], subject: 's', text: 't', ...input }).success).toBe(false);
  });

  it.each(['ops@example.com, evil@example.com', 'Group: a@example.com, b@example.com;', 'ops@example.com;evil@example.com', 'ops', '@example.com', 'a b@example.com', 'ops@', '<>', 'x <ops@example.com> evil@example.com'])('takes one address for one: %j', async (written) => {
    const server = await serve();
    await expect(run({ port: server.port, to: [written] })).rejects.toMatchObject({ code: 'INPUT_INVALID', kbRetry: 'never' });
    await expect(run({ port: server.port, from: written })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(server.mails).toEqual([]);
  });

  it('attaches only what the job consumes', async () => {
    const server = await serve();
    await expect(run({ port: server.port, attachments: [{ artifact: '/etc/passwd' }] })).rejects.toMatchObject({ code: 'ARTIFACT_MISSING' });
    await expect(run({ port: server.port, attachments: [{ artifact: 'big' }] }, { secrets: SECRETS, consumed: { big: new Uint8Array(26 * 1024 * 1024) } })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(run({ port: server.port, text: undefined })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(server.mails).toEqual([]);
  });

  it('trusts nobody that it was not told to trust', async () => {
    const other = selfSigned('DNS:elsewhere.example.com');
    const [starttls, implicit, misnamed, plain] = await Promise.all([serve(), serve({ secure: true }), serve(other), serve({ disabledCommands: ['STARTTLS'] })]);
    const untrusted = { code: 'SMTP_TLS', kbRetry: 'never' };
    await expect(run({ port: starttls.port, ca: undefined })).rejects.toMatchObject(untrusted);
    await expect(run({ port: implicit.port, tls: 'implicit', ca: undefined })).rejects.toMatchObject(untrusted);
    await expect(run({ port: misnamed.port, ca: other.cert })).rejects.toMatchObject(untrusted);
    await expect(run({ port: plain.port })).rejects.toMatchObject(untrusted);
    expect([starttls, implicit, misnamed, plain].flatMap(({ mails }) => mails)).toEqual([]);
  });

  it('says what another try is worth', async () => {
    const server = await serve();
    await expect(run({ port: server.port }, { secrets: { ...SECRETS, SMTP_PASSWORD: 'wrong' } })).rejects.toMatchObject({ code: 'SMTP_LOGIN', kbRetry: 'never', details: { reply: 535 } });
    await expect(run({ port: server.port, to: ['nobody@example.com'] })).rejects.toMatchObject({ code: 'SMTP_REFUSED', kbRetry: 'never', details: { reply: 550 } });
    const busy: unknown = await run({ port: server.port, to: ['full@example.com'] }).catch((error: unknown) => error);
    expect(busy).toMatchObject({ code: 'SMTP_BUSY', details: { reply: 452 } });
    expect(busy).not.toHaveProperty('kbRetry');
    const large = await serve({ onData: (stream, _session, done) => void stream.resume().once('end', () => done(Object.assign(new Error('too large'), { responseCode: 552 }))) });
    await expect(run({ port: large.port, text: 'x'.repeat(1_000) })).rejects.toMatchObject({ code: 'SMTP_REFUSED', kbRetry: 'never' });
    const nobody = await serve();
    await nobody.close();
    closing.pop();
    await expect(run({ port: nobody.port, host: '127.0.0.1' })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('sends to those that the server takes, and names the others', async () => {
    const server = await serve();
    const { output, lines } = await run({ port: server.port, to: ['ops@example.com', 'nobody@example.com'] });
    expect(output).toMatchObject({ accepted: ['ops@example.com'], rejected: ['nobody@example.com'] });
    expect(lines).toEqual([{ level: 'warn', text: 'the mail server did not take: nobody@example.com' }]);
  });

  it('ends a conversation that stands still, by its own time and with the step', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      socket.once('close', () => sockets.delete(socket));
    });
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
    closing.push(() => new Promise((done) => silent.close(() => done())));
    const { port } = silent.address() as { port: number };
    await expect(run({ port, host: '127.0.0.1', timeoutMs: 50 })).rejects.toMatchObject({ code: 'SMTP_FAILED' });
    const step = new AbortController();
    const running = run({ port, host: '127.0.0.1' }, { secrets: SECRETS, signal: step.signal });
    await expect.poll(() => sockets.size).toBe(1);
    step.abort(new Error('cancelled'));
    await expect(running).rejects.toThrow('cancelled');
    await expect.poll(() => sockets.size).toBe(0);
  });
});
