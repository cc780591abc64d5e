import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { toGrant } from './grant.js';
import { pluginFetch } from './plugin-fetch.js';
import { isPrivateAddress } from './private-addresses.js';

const seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const url = new URL(request.url ?? '/', 'http://any');
    seen.push({ method: request.method ?? '', url: url.pathname, headers: request.headers, body: Buffer.concat(parts).toString() });
    const to = url.searchParams.get('to');
    const status = Number(url.searchParams.get('status') ?? (to === null ? 200 : 302));
    if (url.pathname === '/hang') return;
    response.writeHead(status, { 'content-type': 'text/plain', ...(to === null ? {} : { location: to }) });
    response.end(`answer to ${request.method ?? ''} ${url.pathname}`);
  });
});
let port = 0;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const lookups: string[] = [];
const ADDRESSES: Readonly<Record<string, readonly string[]>> = { 'mixed.test': ['93.184.216.34', '127.0.0.1'], 'six.test': ['::1'] };

/** Every host below `.test` is this machine. */
function fetchWith(network: string[], signal: AbortSignal = new AbortController().signal) {
  return pluginFetch({
    grant: toGrant({ network }, {}),
    signal,
    lookup: (host, _options, done) => {
      lookups.push(host);
      done(null, (ADDRESSES[host] ?? ['127.0.0.1']).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
    },
  });
}
const at = (host: string, path = '/'): string => `http://${host}:${String(port)}${path}`;
const DENIED = { code: 'PERMISSION_DENIED' };

describe('ctx.fetch', () => {
  it('sends and receives as fetch does', async () => {
    const response = await fetchWith(['api.test'])(at('api.test', '/a'), { method: 'POST', body: JSON.stringify({ a: 1 }), headers: { 'content-type': 'application/json', 'x-own': '1' } });
    expect([response.status, response.ok, await response.text()]).toEqual([200, true, 'answer to POST /a']);
    expect(seen.at(-1)).toMatchObject({ method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json', 'x-own': '1' } });
    expect(await (await fetchWith(['api.test'])(new Request(at('api.test', '/b')))).text()).toBe('answer to GET /b');
    expect((await fetchWith(['api.test'])(new URL(at('api.test', '/c?status=404')))).status).toBe(404);
  });

  it.each([
    ['another host', ['api.test'], 'http://other.test/'],
    ['no permission', [], 'http://api.test/'],
    ['another protocol', ['*'], 'ftp://api.test/'],
    ['a file', ['*'], 'file:///etc/passwd'],
    ['data', ['*'], 'data:text/plain,x'],
    ['credentials in the address', ['api.test'], 'http://user:word@api.test/'],
    ['a host that only looks granted', ['api.test'], 'http://api.test.evil.test/'],
    ['a host in the user part', ['api.test'], 'http://api.test@evil.test/'],
    ['an address by a pattern', ['*'], 'http://127.0.0.1/'],
    ['an address in short form', ['*'], 'http://127.1/'],
    ['an address as one number', ['*'], 'http://2130706433/'],
    ['an address in octal', ['*'], 'http://0177.0.0.1/'],
    ['an address in hex', ['*'], 'http://0x7f.1/'],
    ['an IPv6 address', ['*'], 'http://[::1]/'],
    ['IPv4 inside IPv6', ['*'], 'http://[::ffff:127.0.0.1]/'],
    ['the metadata service', ['*'], 'http://169.254.169.254/latest'],
    ['a name that leads to this machine', ['*.test'], 'http://api.test/'],
    ['a name with one private address among others', ['*'], 'http://mixed.test/'],
    ['a name that leads to ::1', ['*'], 'http://six.test/'],
  ])('refuses %s', async (_name, network, url) => {
    const before = seen.length;
    await expect(fetchWith(network)(url)).rejects.toMatchObject(DENIED);
    expect(seen).toHaveLength(before);
  });

  it('judges the very answer it connects to: one look-up for one connection', async () => {
    lookups.length = 0;
    await (await fetchWith(['api.test'])(at('api.test'))).text();
    await expect(fetchWith(['*'])(at('api.test'))).rejects.toMatchObject(DENIED);
    expect(lookups).toEqual(['api.test', 'api.test']);
  });

  it('follows redirects, each checked like a first request', async () => {
    const fetch = fetchWith(['api.test', 'next.test']);
    expect(await (await fetch(at('api.test', `/a?to=${encodeURIComponent(at('next.test', '/b'))}`))).text()).toBe('answer to GET /b');
    const before = seen.length;
    await expect(fetch(at('api.test', `/a?to=${encodeURIComponent(at('evil.test', '/b'))}`))).rejects.toMatchObject(DENIED);
    await expect(fetch(at('api.test', '/a?to=file:///etc/passwd'))).rejects.toMatchObject(DENIED);
    await expect(fetch(at('api.test', `/a?to=${encodeURIComponent(`http://u:p@next.test:${String(port)}/`)}`))).rejects.toMatchObject(DENIED);
    expect(seen.slice(before).map((request) => request.url)).toEqual(['/a', '/a', '/a']);
  });

  it('takes no credentials along to another origin, and keeps them on the same', async () => {
    const fetch = fetchWith(['api.test', 'next.test']);
    const headers = { authorization: 'Bearer secret', cookie: 'a=b', 'x-own': '1' };
    await fetch(at('api.test', `/a?to=${encodeURIComponent(at('next.test', '/b'))}`), { headers });
    expect(seen.at(-1)?.headers).toMatchObject({ 'x-own': '1' });
    expect(seen.at(-1)?.headers).not.toHaveProperty('authorization');
    expect(seen.at(-1)?.headers).not.toHaveProperty('cookie');
    await fetch(at('api.test', '/a?to=/b'), { headers });
    expect(seen.at(-1)?.headers).toMatchObject({ authorization: 'Bearer secret', cookie: 'a=b' });
  });

  it('asks for the host of the address, whatever a header says', async () => {
    await (await fetchWith(['api.test'])(at('api.test'), { headers: { host: 'evil.test', 'x-own': '1' } })).text();
    expect(seen.at(-1)?.headers).toMatchObject({ host: `api.test:${String(port)}`, 'x-own': '1' });
    await (await fetchWith(['api.test', 'next.test'])(at('api.test', `/a?to=${encodeURIComponent(at('next.test', '/b'))}`), { headers: { host: 'evil.test' } })).text();
    expect(seen.at(-1)?.headers.host).toBe(`next.test:${String(port)}`);
  });

  it.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [307, 'POST', 'POST', 'body'],
    [308, 'PUT', 'PUT', 'body'],
    [302, 'PUT', 'PUT', 'body'],
  ])('after %d a %s is a %s', async (status, method, then, body) => {
    await (await fetchWith(['api.test'])(at('api.test', `/a?status=${String(status)}&to=/b`), { method, body: 'body' })).text();
    expect(seen.at(-1)).toMatchObject({ method: then, body, url: '/b' });
  });

  it('gives up on a circle, and leaves redirects to the caller who asks for them', async () => {
    const fetch = fetchWith(['api.test']);
    await expect(fetch(at('api.test', '/a?to=%3Fto=/a'))).resolves.toMatchObject({ status: 200 });
    await expect(fetch(at('api.test', '/loop?to=/loop%3Fto%3D/loop'))).resolves.toBeDefined();
    const circle = encodeURIComponent('');
    await expect(fetch(at('api.test', `/a?status=302&to=${circle}`))).rejects.toThrow('more than 10 redirects');
    expect(await fetch(at('api.test', '/a?to=/b'), { redirect: 'manual' })).toMatchObject({ status: 302 });
    await expect(fetch(at('api.test', '/a?to=/b'), { redirect: 'error' })).rejects.toThrow('redirects to');
  });

  it('ends with the step, and with the signal of the request', async () => {
    const step = new AbortController();
    const running = fetchWith(['api.test'], step.signal)(at('api.test', '/hang'));
    step.abort(new Error('cancelled'));
    await expect(running).rejects.toThrow('cancelled');
    await expect(fetchWith(['api.test'])(at('api.test', '/hang'), { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('a private address', () => {
  it.each(['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.0.1', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.168.1.1', '198.18.0.1', '224.0.0.1', '255.255.255.255', '::', '::1', 'fe80::1', 'fd00::1', 'ff02::1', '::ffff:10.0.0.1', '::ffff:7f00:1', '::10.0.0.1', '64:ff9b::a00:1', '2002:a00:1::', '2001:db8::1', 'not an address'])(
    'is %s',
    (address) => expect(isPrivateAddress(address)).toBe(true),
  );
  it.each(['1.1.1.1', '8.8.8.8', '172.15.0.1', '172.32.0.1', '100.128.0.1', '192.167.1.1', '2606:4700::1111', '2a00:1450:4001::1', '::ffff:8.8.8.8'])('is not %s', (address) =>
    expect(isPrivateAddress(address)).toBe(false),
  );
});
