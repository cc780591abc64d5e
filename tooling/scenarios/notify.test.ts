import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import type { Permissions } from '@kb-labs/contracts';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { openPlugin } from './plugin-step.fixture.js';

const KEY = Buffer.from('twenty-four bytes of key');
const plugin = openPlugin('notify-plugin');

const received: { headers: IncomingHttpHeaders; body: string; url: string }[] = [];
let reply: { status: number; headers?: Record<string, string> } = { status: 200 };
const receiver = createServer((request, response) => {
  void text(request).then((body) => {
    received.push({ headers: request.headers, body, url: request.url ?? '' });
    response.writeHead(reply.status, reply.headers).end('ok');
  });
});

const mails: string[] = [];
let connections = 0;
const mailServer = new SMTPServer({
  logger: false,
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  onConnect: (_session, done) => {
    connections += 1;
    done();
  },
  onData: (stream, _session, done) => {
    void text(stream).then((raw) => {
      mails.push(raw);
      done(null);
    });
  },
});

let port = 0;
let mailPort = 0;
beforeAll(async () => {
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
  await new Promise<void>((done) => void mailServer.listen(0, '127.0.0.1', () => done()));
  port = (receiver.address() as AddressInfo).port;
  mailPort = (mailServer.server.address() as AddressInfo).port;
});
beforeEach(() => {
  received.length = 0;
  mails.length = 0;
  connections = 0;
  reply = { status: 200 };
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await new Promise<void>((done) => mailServer.close(() => done()));
  await plugin.close();
});

const address = (host = '127.0.0.1'): string => `http://${host}:${String(port)}/hook`;
const HERE: Permissions = { network: ['127.0.0.1'] };
const mail = (host: string) => ({ host, port: mailPort, tls: 'none', login: false, from: 'ci@example.com', to: ['ops@example.com'], subject: 'Deployed', text: 'Version 3' });

/** Each command to a receiver on this machine, by the host it is given. */
const COMMANDS: readonly [string, (host: string, permissions: Permissions) => ReturnType<typeof plugin.run>][] = [
  ['slack:send', (host, permissions) => plugin.run('slack:send', { input: { text: 'Deployed' }, secrets: { SLACK_WEBHOOK: address(host) }, permissions })],
  ['email:send', (host, permissions) => plugin.run('email:send', { input: mail(host), permissions })],
  ['webhook:send', (host, permissions) => plugin.run('webhook:send', { input: { url: address(host), body: {}, sign: 'none' }, permissions })],
];

describe.each(COMMANDS)('%s behind the permissions of a step', (_command, send) => {
  const arrived = (): number => received.length + connections;

  it('reaches a private address that the document writes out', async () => {
    expect(await send('127.0.0.1', HERE)).toMatchObject({ status: 'success' });
    expect(await send('localhost', { network: ['localhost'] })).toMatchObject({ status: 'success' });
    expect(received.length + mails.length).toBe(2);
  });

  const REFUSED: readonly [string, string, Permissions][] = [
    ['a document that says nothing', '127.0.0.1', {}],
    ['a document that says "*"', '127.0.0.1', { network: ['*'] }],
    ['a document that grants nothing', '127.0.0.1', { network: [] }],
    ['a document that names another host', '127.0.0.1', { network: ['hooks.example.com'] }],
    ['a name of this machine', 'localhost', { network: ['*'] }],
    ['a name for the address that is granted', 'localhost', HERE],
    ['the address for the name that is granted', '127.0.0.1', { network: ['localhost'] }],
    ['the address as one number', '2130706433', { network: ['*'] }],
    ['the address in hex', '0x7f.1', { network: ['*'] }],
    ['the address in octal', '0177.0.0.1', { network: ['*'] }],
    ['the address within IPv6', '[::ffff:127.0.0.1]', { network: ['*'] }],
    ['the metadata service', '169.254.169.254', { network: ['*'] }],
  ];
  it.each(REFUSED)('reaches nothing by %s', async (_case, host, permissions) => {
    expect(await send(host, permissions)).toMatchObject({ status: 'failed', retryable: false, error: { code: 'PERMISSION_DENIED' } });
    expect(arrived()).toBe(0);
  });
});

describe('the commands of the plugin, as steps', () => {
  it('get the secrets that the document lists, and no other', async () => {
    const denied = { status: 'failed', retryable: false, error: { code: 'PERMISSION_DENIED', hint: 'the "secrets" of the document do not list it for this step' } };
    expect(await plugin.run('slack:send', { input: { text: 'x' }, permissions: HERE })).toMatchObject(denied);
    expect(await plugin.run('slack:send', { input: { text: 'x', secret: 'SLACK_WEBHOOK_2' }, secrets: { SLACK_WEBHOOK: address() }, permissions: HERE })).toMatchObject(denied);
    expect(await plugin.run('webhook:send', { input: { url: address(), body: 1 }, permissions: HERE })).toMatchObject(denied);
    expect(await plugin.run('email:send', { input: { ...mail('127.0.0.1'), tls: 'starttls', login: true }, permissions: HERE })).toMatchObject(denied);
    expect(received.length + connections).toBe(0);
  });

  it('sign with the secret, and tell every try of a step by the same id', async () => {
    const secrets = { WEBHOOK_SECRET: `whsec_${KEY.toString('base64')}` };
    const sent = { input: { url: address(), body: { version: 3 } }, secrets, permissions: HERE, idempotencyKey: 'run_1.tell.1.step' };
    const id = `msg_${createHash('sha256').update('run_1.tell.1.step').digest('hex').slice(0, 40)}`;
    expect(await plugin.run('webhook:send', sent)).toMatchObject({ status: 'success', outputs: { id, status: 200, answer: 'ok' } });
    await plugin.run('webhook:send', sent);
    for (const { headers, body } of received) {
      expect(headers['webhook-id']).toBe(id);
      expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', KEY).update(`${id}.${String(headers['webhook-timestamp'])}.${body}`).digest('base64')}`);
    }
    expect(received).toHaveLength(2);
  });

  it('follow no redirect, not even to where the step may go', async () => {
    reply = { status: 307, headers: { location: '/elsewhere' } };
    for (const [command, input, secrets] of [['slack:send', { text: 'x' }, { SLACK_WEBHOOK: address() }], ['webhook:send', { url: address(), body: 1, sign: 'none' }, {}]] as const) {
      expect(await plugin.run(command, { input, secrets, permissions: HERE })).toMatchObject({ status: 'failed', retryable: false, error: { code: 'REDIRECTED' } });
    }
    expect(received.map(({ url }) => url)).toEqual(['/hook', '/hook']);
  });

  it.each([
    [429, { 'retry-after': '12' }, { retryable: true, retryAfterMs: 12_000, error: { code: 'RATE_LIMIT' } }],
    [503, {}, { retryable: true, error: { code: 'SERVICE_FAILED' } }],
    [404, {}, { retryable: false, error: { code: 'REFUSED' } }],
  ])('hand on to the engine what a %d with %j is worth', async (status, headers, outcome) => {
    reply = { status, headers };
    expect(await plugin.run('slack:send', { input: { text: 'x' }, secrets: { SLACK_WEBHOOK: address() }, permissions: HERE })).toMatchObject({ status: 'failed', ...outcome });
    expect(await plugin.run('webhook:send', { input: { url: address(), body: 1, sign: 'none' }, permissions: HERE })).toMatchObject({ status: 'failed', ...outcome });
  });

  it('attach to a mail what the job consumes', async () => {
    const input = { ...mail('127.0.0.1'), attachments: [{ artifact: 'report.md' }] };
    expect(await plugin.run('email:send', { input, permissions: HERE, consumed: { 'report.md': '# All green' } })).toMatchObject({ status: 'success', outputs: { accepted: ['ops@example.com'] } });
    expect(mails[0]).toContain(Buffer.from('# All green').toString('base64'));
  });

  it('take no line break into a header, whatever a document hands them', async () => {
    for (const changed of [{ subject: 'x\r\nBcc: evil@example.com' }, { to: ['a@example.com\nBcc: evil@example.com'] }]) {
      expect(await plugin.run('email:send', { input: { ...mail('127.0.0.1'), ...changed }, permissions: HERE })).toMatchObject({ status: 'failed', retryable: false, error: { code: 'INPUT_INVALID' } });
    }
    expect(connections).toBe(0);
  });
});
