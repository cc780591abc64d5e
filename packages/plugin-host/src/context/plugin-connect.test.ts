import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { toGrant } from './grant.js';
import { pluginConnect } from './plugin-connect.js';

const sockets = new Set<Socket>();
const server = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.once('close', () => sockets.delete(socket));
  socket.pipe(socket);
});
let port = 0;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close());

function connectWith(network: string[], signal: AbortSignal = new AbortController().signal) {
  return pluginConnect({ grant: toGrant({ network }, {}), signal, lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]) });
}

describe('ctx.connect', () => {
  it('carries bytes both ways, to the end of each', async () => {
    const socket = Duplex.fromWeb(await connectWith(['echo.test'])('echo.test', port));
    const sent = 'x'.repeat(1_000_000);
    socket.end(sent);
    expect(await text(socket)).toBe(sent);
  });

  it('gives web streams that Node’s own libraries take for a socket', async () => {
    const { readable, writable } = await connectWith(['echo.test'])('ECHO.test', port);
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode('hello'));
    const { value } = await readable.getReader().read();
    expect(value).toBeInstanceOf(Uint8Array);
    expect(new TextDecoder().decode(value)).toBe('hello');
    await writer.abort(new Error('enough'));
  });

  it('is closed with the step', async () => {
    const step = new AbortController();
    const { readable, writable } = await connectWith(['echo.test'], step.signal)('echo.test', port);
    const reading = readable.getReader().read();
    await expect.poll(() => sockets.size).toBeGreaterThan(0);
    step.abort(new Error('over'));
    await expect(reading).rejects.toThrow();
    await expect(writable.getWriter().write(new Uint8Array(1))).rejects.toThrow();
    await expect.poll(() => sockets.size).toBe(0);
    await expect(connectWith(['echo.test'], step.signal)('echo.test', port)).rejects.toThrow('over');
  });

  it('is over at once when the step ends before anybody answers', async () => {
    const step = new AbortController();
    const never = pluginConnect({ grant: toGrant({ network: ['slow.test'] }, {}), signal: step.signal, lookup: () => undefined })('slow.test', port);
    step.abort(new Error('over'));
    await expect(never).rejects.toThrow('over');
  });

  it('fails as the system does when nobody answers', async () => {
    const free = createServer();
    await new Promise<void>((done) => free.listen(0, '127.0.0.1', done));
    const { port: unused } = free.address() as AddressInfo;
    await new Promise((done) => free.close(done));
    await expect(connectWith(['echo.test'])('echo.test', unused)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each([0, -1, 65_536, 1.5, Number.NaN])('takes %d for no port', async (written) => {
    await expect(connectWith(['*'])('echo.test', written)).rejects.toThrow(RangeError);
  });
});
