import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';

import { AppError } from '@kb-labs/errors';
import { describe, expect, it, onTestFinished } from 'vitest';

import { connect } from './connect.js';
import { explain } from './explain.js';

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function refusalAt(url: string): Promise<AppError> {
  const thrown: unknown = await connect({ url, key: undefined }).call('listRuns').catch((error: unknown) => error);
  if (thrown instanceof AppError) return thrown;
  throw new Error(`no refusal: ${String(thrown)}`);
}

async function refusalOf(answer: RequestListener): Promise<AppError> {
  return refusalAt(`http://127.0.0.1:${String(await listen(createServer(answer)))}`);
}

describe('what is no gateway', () => {
  it.each<[string, RequestListener, string]>([
    ['a page', (_, response) => response.end('<html>'), 'what answers there is no gateway'],
    ['an error page', (_, response) => response.writeHead(502).end('<html>'), 'it answered 502, which is none of its answers'],
    ['an answer that breaks off', (_, response) => response.writeHead(200, { 'Content-Length': '100' }).end('{', () => response.destroy()), 'the connection was closed'],
    ['a closed connection', (request) => request.socket.destroy(), 'the connection was closed'],
    ['a redirect', (_, response) => response.writeHead(302, { Location: '/' }).end(), 'redirect'],
  ])('is told apart: %s', async (_, answer, problem) => {
    const error = await refusalOf(answer);
    expect([error.code, error.exitCode]).toEqual(['GATEWAY_UNREACHABLE', 3]);
    expect(error.message).toContain(problem);
    expect(error.message).toContain('http://127.0.0.1:');
  });

  it('is told about TLS where there is none', async () => {
    const port = await listen(createTcpServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))));
    expect(await refusalAt(`https://127.0.0.1:${String(port)}`)).toMatchObject({ code: 'GATEWAY_UNREACHABLE', details: { problem: 'it does not speak TLS' }, hint: 'does KB_URL begin with http://?' });
  });

  it('is told in words about a certificate that is not known', () => {
    const caused = new TypeError('fetch failed', { cause: Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }) });
    const error = new AppError('GATEWAY_UNREACHABLE', { url: 'https://kb', problem: 'x' }, { cause: caused });
    expect(explain(error, { url: 'https://kb', key: undefined })).toMatchObject({ message: expect.stringContaining('signed by itself') as string, hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') as string });
    expect(explain(new AppError('RUN_NOT_FOUND', { id: 'x' }), { url: 'https://kb', key: undefined }), 'and nothing else is').toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});
