import { connect } from 'node:net';

import { LIMITS } from '@kb-labs/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HELLO, type Harness, openHarness } from './harness.fixture.js';

const RUNS = '/api/v1/workflows/runs';
let harness: Harness;

beforeAll(async () => {
  harness = await openHarness({ works: false, workflows: { 'hello.yml': HELLO } });
});
afterAll(() => harness.close());

const post = (body: string | Uint8Array, headers: Record<string, string> = {}): ReturnType<Harness['ask']> => harness.ask('runner', 'POST', RUNS, { body, headers });

/** A start of a run whose body has so many bytes. */
function bodyOf(bytes: number): string {
  const rest = (text: string): string => JSON.stringify({ workflowId: 'nothing', input: { text } });
  return rest('x'.repeat(bytes - rest('').length));
}

describe('a body', () => {
  it('has a megabyte and not one byte more, announced or not', async () => {
    expect(Buffer.byteLength(bodyOf(LIMITS.valueBytes))).toBe(1_048_576);
    for (const [bytes, code] of [[LIMITS.valueBytes - 1, 'WORKFLOW_NOT_FOUND'], [LIMITS.valueBytes, 'WORKFLOW_NOT_FOUND'], [LIMITS.valueBytes + 1, 'BODY_TOO_LARGE']] as const) {
      expect((await post(bodyOf(bytes))).json, String(bytes)).toMatchObject({ code });
      expect((await post(bodyOf(bytes), { 'transfer-encoding': 'chunked' })).json, `${String(bytes)} in chunks`).toMatchObject({ code });
    }
    expect((await post(bodyOf(8 * LIMITS.valueBytes), { 'transfer-encoding': 'chunked' })).status).toBe(413);
  });

  it('that was refused is not in the way of the next request of its connection', async () => {
    const head = `POST ${RUNS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer runner\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const body = bodyOf(8 * LIMITS.valueBytes);
    const answers = await raw(`${head}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, () => false);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
  });

  it('is nested 64 levels deep and not one more', async () => {
    const nested = (depth: number): string => `{"workflowId":"nothing","input":{"a":${'['.repeat(depth - 2)}${']'.repeat(depth - 2)}}}`;
    expect((await post(nested(63))).json).toMatchObject({ code: 'WORKFLOW_NOT_FOUND' });
    expect((await post(nested(64))).json).toMatchObject({ code: 'WORKFLOW_NOT_FOUND' });
    expect([(await post(nested(65))).json, (await post('['.repeat(1_000_000))).json]).toMatchObject([{ code: 'REQUEST_INVALID' }, { code: 'REQUEST_INVALID' }]);
  });

  it('is JSON in UTF-8, said to be and sent as it is', async () => {
    const good = '{"workflowId":"nothing"}';
    for (const type of ['application/json', 'Application/JSON; charset=UTF-8', 'application/json;charset="utf-8"']) expect((await post(good, { 'content-type': type })).json, type).toMatchObject({ code: 'WORKFLOW_NOT_FOUND' });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json-patch+json', 'application/jsonx', '', 'application/json; charset=utf-16', 'text/json, application/json']) {
      expect((await post(good, { 'content-type': type })).json, type).toMatchObject({ status: 415, code: 'BODY_TYPE' });
    }
    for (const encoding of ['gzip', 'br', 'deflate', 'identity, gzip']) expect((await post(good, { 'content-encoding': encoding })).json, encoding).toMatchObject({ code: 'BODY_TYPE' });
    expect((await post(good, { 'content-encoding': 'identity' })).json).toMatchObject({ code: 'WORKFLOW_NOT_FOUND' });
    expect((await post(Buffer.from('{"workflowId":"\xff"}', 'latin1'))).json).toMatchObject({ code: 'REQUEST_INVALID', message: expect.stringContaining('UTF-8') as unknown });
    for (const text of ['{', 'null', '[]', '"x"', '{"workflowId":"a"}x', "{'a':1}", '{"workflowId":1e999}', '{"__proto__":{"workflowId":"hello"}}']) expect((await post(text)).json, text).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
  });

  it('has known keys alone, and the nearest is named for another', async () => {
    const { json } = await post('{"worklowId":"hello","input":[]}');
    expect(json).toMatchObject({
      code: 'REQUEST_INVALID',
      hint: 'did you mean "workflowId"?',
      details: { problems: [{ at: 'body.workflowId' }, { at: 'body.input' }, { at: 'body.worklowId', message: 'not known' }] },
    });
    const query = await harness.ask('viewer', 'GET', `${RUNS}?workflow=x`);
    expect(query.json).toMatchObject({ code: 'REQUEST_INVALID', details: { problems: [{ at: 'query.workflow' }] } });
    expect((await harness.ask('viewer', 'GET', `${RUNS}?limt=3`)).json).toMatchObject({ hint: 'did you mean "limit"?' });
    expect((await harness.ask('viewer', 'GET', '/api/v1/plugins?x=1')).json).toMatchObject({ code: 'REQUEST_INVALID', hint: 'this route takes no query' });
    expect((await harness.ask('viewer', 'GET', `${RUNS}?__proto__=1`)).json).toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('does not wait for the rest of one that ends in the middle', async () => {
    const { port } = new URL(harness.url);
    for (let n = 0; n < 20; n += 1) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => socket.write(`POST ${RUNS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer runner\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"work`, () => resolve()));
      socket.destroy();
    }
    expect((await harness.ask(undefined, 'GET', '/healthz')).status).toBe(200);
  });
});

describe('a path', () => {
  it('that is not there, or not for this method, says so', async () => {
    for (const path of ['/', '/api', '/api/v1', '/api/v2/workflows', `${RUNS}/x/y`, '/API/v9', '/healthz/x', '//healthz']) {
      expect((await harness.ask('admin', 'GET', path)).json, path).toMatchObject({ status: 404, code: 'ROUTE_UNKNOWN' });
    }
    for (const [method, path, allow] of [
      ['DELETE', RUNS, 'POST, GET, HEAD'],
      ['PUT', `${RUNS}/x`, 'GET, HEAD'],
      ['GET', `${RUNS}/x/cancel`, 'POST'],
      ['OPTIONS', RUNS, 'POST, GET, HEAD'],
      ['PATCH', '/openapi.json', 'GET, HEAD'],
    ] as const) {
      const { status, headers, json } = await harness.ask('admin', method, path);
      expect([status, headers['allow'], json], `${method} ${path}`).toMatchObject([405, allow, { code: 'METHOD_NOT_ALLOWED' }]);
    }
  });

  it('is decoded once, part by part', async () => {
    expect((await harness.ask('viewer', 'GET', `${RUNS}/a%2Fb`)).json).toMatchObject({ code: 'RUN_NOT_FOUND', details: { id: 'a/b' } });
    expect((await harness.ask('viewer', 'GET', `${RUNS}/a%252Fb`)).json).toMatchObject({ details: { id: 'a%2Fb' } });
    expect((await harness.ask('viewer', 'GET', `${RUNS}/..%2F..%2Fhealthz`)).json).toMatchObject({ code: 'RUN_NOT_FOUND' });
    for (const path of [`${RUNS}/%`, `${RUNS}/%zz`, `${RUNS}/%ff`]) expect((await harness.ask('viewer', 'GET', path)).json, path).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect((await harness.ask('viewer', 'GET', `${RUNS}/${'x'.repeat(10_000)}`)).json).toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});

describe('a message that two programs could read in two ways', () => {
  const head = `POST ${RUNS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer runner\r\nContent-Type: application/json\r\n`;
  const smuggled = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

  it.each([
    ['two lengths', `${head}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}${smuggled}`],
    ['a length and chunks', `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['chunks said oddly', `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['a space before a colon', `${head}Content-Length : 2\r\n\r\n{}${smuggled}`],
    ['a length with a sign', `${head}Content-Length: +2\r\n\r\n{}${smuggled}`],
    ['a chunk without a size', `${head}Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n${smuggled}`],
    ['a line end alone', `${head}X: y\nContent-Length: 2\r\n\r\n{}${smuggled}`],
    ['two hosts', `${head}Host: evil.example\r\nContent-Length: 2\r\n\r\n{}${smuggled}`],
    ['no host', `POST ${RUNS} HTTP/1.1\r\nContent-Length: 0\r\n\r\n${smuggled}`],
  ])('with %s is refused, and nothing behind it is answered', async (_name, text) => {
    const answers = await raw(text);
    expect(answers).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answers).not.toContain('alive');
  });

  it('is told apart from two that cannot be', async () => {
    expect(await raw(`${head}Content-Length: 2\r\n\r\n{}${smuggled.replace('Host', 'Connection: close\r\nHost')}`)).toContain('alive');
  });
});

/** One that stays open has no more to say than this. */
const isRefusal = (received: string): boolean => /\r\n\r\n\{.*\}/s.test(received) && !received.includes('alive');

/** What comes back on a connection until it is closed: by the other side, or by this one once it is enough. */
function raw(text: string, isEnough = isRefusal): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(harness.url).port), '127.0.0.1');
    let received = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      received += chunk;
      if (isEnough(received)) setImmediate(() => socket.end());
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
    socket.write(text);
  });
}
