import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startDns } from './dns-stub.fixture.js';
import { toGrant } from './grant.js';
import type { Lookup } from './judged-lookup.js';
import { pluginConnect } from './plugin-connect.js';
import { pluginFetch } from './plugin-fetch.js';

/**
 * `url` and `connect` are the same host as `ctx.fetch` and `ctx.connect` are given it; `any` is the verdict with `network: ["*"]`,
 * `named` with `network: [grant]`. `reached` means that this machine answered; `allowed` that it would have been tried.
 */
interface Form {
  readonly why: string;
  readonly url?: string;
  readonly connect?: string;
  readonly grant: string;
  readonly any: Verdict;
  readonly named: Verdict;
}
type Verdict = 'refused' | 'allowed' | 'reached';

const FORMS = JSON.parse(readFileSync(new URL('outgoing-forms.json', import.meta.url), 'utf8')) as readonly Form[];

let answered = 0;
const servers = ['127.0.0.1', '::1'].map((address) => ({
  address,
  server: createServer((request, response) => {
    answered += 1;
    const to = new URL(request.url ?? '/', 'http://any').searchParams.get('to');
    response.writeHead(to === null ? 200 : Number(request.headers['x-status']), { connection: 'close', ...(to === null ? {} : { location: to }) }).end('reached');
  }),
}));
let port = 0;
beforeAll(async () => {
  for (const { address, server } of servers) {
    await new Promise<void>((done) => server.listen(port, address, done));
    port = (server.address() as AddressInfo).port;
  }
});
afterAll(() => {
  for (const { server } of servers) {
    server.closeAllConnections();
    server.close();
  }
});

const HERE = ['127.0.0.1'];
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'mixed.test': ['93.184.216.34', '127.0.0.1'],
  'six.test': ['::1'],
  'mapped.test': ['::ffff:127.0.0.1'],
};
const LEADS_HERE = /localhost|^first\.test$|^inside\.test$|\.inside\.test$|\.nip\.test$/;

class Tried extends Error {}

/** Names that lead here do; of any other it is known that it was looked up, and nothing is tried. */
const lookup: Lookup = (host, _options, done) => {
  const found = NAMES[host] ?? (LEADS_HERE.test(host) ? HERE : undefined);
  if (found === undefined) done(new Tried(host), []);
  // Without judging, the public one of several would be tried first.
  else done(null, found.toReversed().map((address) => ({ address, family: isIP(address) })));
};

const at = (form: string): string => form.replaceAll('PORT', String(port));

/** An address that is allowed is not tried: the step is over by then. */
async function verdict(expected: Verdict, run: (signal: AbortSignal) => Promise<string>): Promise<Verdict> {
  const before = answered;
  const step = new AbortController();
  const stopped = new Error('the step is over');
  if (expected === 'allowed') step.abort(stopped);
  const end = await run(step.signal).catch((error: unknown) => error);
  expect(answered - before).toBe(end === 'reached' ? 1 : 0);
  if (end === 'reached') return 'reached';
  if (end === stopped || end instanceof Tried || (end instanceof Error && end.cause instanceof Tried)) return 'allowed';
  const isRefusal = end instanceof Error && ('code' in end && (end.code === 'PERMISSION_DENIED' || end.code === 'ERR_INVALID_URL'));
  if (!isRefusal) throw end;
  return 'refused';
}

async function fetched(url: string, network: string[], signal: AbortSignal): Promise<string> {
  return (await pluginFetch({ grant: toGrant({ network }, {}), signal, lookup })(at(url))).text();
}

async function connected(host: string, network: string[], signal: AbortSignal): Promise<string> {
  const socket = Duplex.fromWeb(await pluginConnect({ grant: toGrant({ network }, {}), signal, lookup })(host, port));
  socket.end('GET / HTTP/1.0\r\nHost: any\r\n\r\n');
  return (await text(socket)).split('\r\n').at(-1) ?? '';
}

describe('ctx.fetch', () => {
  it.each(FORMS.flatMap((form) => (form.url === undefined ? [] : [{ ...form, url: form.url }])))('$why: by "*" $any, by name $named', async ({ url, grant, any, named }) => {
    expect(await verdict(any, (signal) => fetched(url, ['*'], signal))).toBe(any);
    expect(await verdict(named, (signal) => fetched(url, [grant], signal))).toBe(named);
    expect(await verdict('refused', (signal) => fetched(url, [], signal))).toBe('refused');
  });

  // What can stand in a header and is no path beside the address that sends on.
  const refused = FORMS.flatMap(({ url, any }) => (any === 'refused' && url !== undefined && /^(?!http:\d)[\x21-\x7e]+$/.test(url) && URL.canParse(at(url)) ? [url] : []));

  it.each([301, 302, 303, 307, 308])('is not led by a %d to what it may not reach itself', async (status) => {
    expect(refused.length).toBeGreaterThan(90);
    const fetch = pluginFetch({ grant: toGrant({ network: ['*', 'first.test'] }, {}), signal: new AbortController().signal, lookup });
    for (const url of refused) {
      const before = answered;
      const sent = fetch(at(`http://first.test:PORT/?to=${encodeURIComponent(at(url))}`), { method: 'POST', body: 'x', headers: { 'x-status': String(status) } });
      await expect(sent, url).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
      expect(answered - before, url).toBe(1);
    }
  });

  it('is led where it may go', async () => {
    const fetch = pluginFetch({ grant: toGrant({ network: ['*', 'first.test', 'inside.test'] }, {}), signal: new AbortController().signal, lookup });
    expect(await (await fetch(at(`http://first.test:PORT/?to=${encodeURIComponent(at('http://inside.test:PORT/'))}`), { headers: { 'x-status': '307' } })).text()).toBe('reached');
  });
});

describe('ctx.connect', () => {
  it.each(FORMS.flatMap((form) => (form.connect === undefined ? [] : [{ ...form, connect: form.connect }])))('$why: by "*" $any, by name $named', async ({ connect, grant, any, named }) => {
    expect(await verdict(any, (signal) => connected(connect, ['*'], signal))).toBe(any);
    expect(await verdict(named, (signal) => connected(connect, [grant], signal))).toBe(named);
    expect(await verdict('refused', (signal) => connected(connect, [], signal))).toBe('refused');
  });
});

describe('a name that leads elsewhere from one question to the next', () => {
  /** Public, but of a network where nobody answers: RFC 7450, 7. */
  const PUBLIC = '192.52.193.1';

  it('is never connected to but where it was judged', async () => {
    const dns = await startDns((_name, question) => (question === 0 ? PUBLIC : '127.0.0.1'));
    const before = answered;
    for (const [name, run] of [['fetched.test', fetchOnce], ['connected.test', connectOnce]] as const) {
      const first = new AbortController();
      const overWhenFound: Lookup = (host, options, done) =>
        dns.lookup(host, options, (error, found) => {
          done(error, found);
          first.abort(new Error('enough'));
        });
      await expect(run(name, ['*'], overWhenFound, first.signal)).rejects.toThrow('enough');
      for (let question = 1; question <= 5; question += 1) await expect(run(name, ['*'], dns.lookup)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
      expect(dns.asked.filter((asked) => asked === name)).toHaveLength(6);
    }
    expect(answered).toBe(before);
    dns.close();
  });

  it('would be connected to here if it were not judged', async () => {
    const dns = await startDns(() => '127.0.0.1');
    expect([await fetchOnce('turned.test', ['turned.test'], dns.lookup), await connectOnce('turned.test', ['turned.test'], dns.lookup)]).toEqual(['reached', 'reached']);
    dns.close();
  });

  async function fetchOnce(name: string, network: string[], dns: Lookup, signal: AbortSignal = new AbortController().signal): Promise<string> {
    return (await pluginFetch({ grant: toGrant({ network }, {}), signal, lookup: dns })(at(`http://${name}:PORT/`))).text();
  }

  async function connectOnce(name: string, network: string[], dns: Lookup, signal: AbortSignal = new AbortController().signal): Promise<string> {
    const socket = Duplex.fromWeb(await pluginConnect({ grant: toGrant({ network }, {}), signal, lookup: dns })(name, port));
    socket.end('GET / HTTP/1.0\r\nHost: any\r\n\r\n');
    return (await text(socket)).split('\r\n').at(-1) ?? '';
  }
});
