import { createHash } from 'node:crypto';

import { createClient } from '@kb-labs/client';
import type { EngineDeps } from '@kb-labs/engine';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HELLO, type Harness, openHarness } from './harness.fixture.js';

const TEXT = 'seq 1 200000';
const BYTES = 1_288_895;
let harness: Harness;
let path: string;
let id: string;
let read = 0;

beforeAll(async () => {
  const wrap = (deps: EngineDeps): EngineDeps => ({
    ...deps,
    blobs: {
      put: (content, maxBytes) => deps.blobs.put(content, maxBytes),
      remove: (digest, unlessSince) => deps.blobs.remove(digest, unlessSince),
      get: async (digest) => {
        const bytes = await deps.blobs.get(digest);
        return bytes === undefined ? undefined : counting(bytes);
      },
    },
  });
  harness = await openHarness({ workflows: { 'hello.yml': HELLO.replace('echo "# hi" >', `${TEXT} >`), 'empty.yml': HELLO.replace('id: hello', 'id: empty').replace('echo "# hi" >', 'true >') }, wrap });
  id = (await harness.run('runner', 'hello')).id;
  path = pathOf(id);
});
afterAll(() => harness.close());

async function* counting(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    read += chunk.byteLength;
    yield chunk;
  }
}

const pathOf = (run: string): string => `/api/v1/workflows/runs/${run}/artifacts/docs%2Fnote.md`;
const ask = (headers: Record<string, string> = {}, method = 'GET', at = path) => harness.ask('viewer', method, at, { headers });

describe('bytes', () => {
  let whole = '';
  let etag = '';
  beforeAll(async () => {
    const { text, headers } = await ask();
    whole = text;
    etag = String(headers['etag']);
  });

  it('carry their digest, and are not sent to whoever has them', async () => {
    expect(whole).toHaveLength(BYTES);
    expect(etag).toBe(`"sha256:${createHash('sha256').update(whole).digest('hex')}"`);
    read = 0;
    for (const known of [etag, `"x", W/${etag}`, '*']) {
      const { status, text, headers } = await ask({ 'if-none-match': known });
      expect([status, text, headers['etag'], headers['content-length']], known).toEqual([304, '', etag, undefined]);
    }
    expect(read).toBe(0);
    expect((await ask({ 'if-none-match': '"sha256:other"' })).status).toBe(200);
  });

  it('are sent in any one part that is asked for', async () => {
    const place = fc.integer({ min: 0, max: BYTES - 1 });
    await fc.assert(
      fc.asyncProperty(place, place, async (a, b) => {
        const [first, last] = a < b ? [a, b] : [b, a];
        const { status, text, headers } = await ask({ range: `bytes=${first}-${last}` });
        expect([status, headers['content-range'], headers['content-length']]).toEqual([206, `bytes ${first}-${last}/${BYTES}`, String(last - first + 1)]);
        expect(text === whole.slice(first, last + 1)).toBe(true);
      }),
      { numRuns: 20 },
    );
    for (const [range, text] of [
      ['bytes=0-0', whole.slice(0, 1)],
      [`bytes=${BYTES - 1}-`, whole.slice(-1)],
      ['bytes=-3', whole.slice(-3)],
      [`bytes=${BYTES - 2}-99999999`, whole.slice(-2)],
      [`bytes=-99999999`, whole],
    ] as const) {
      const answer = await ask({ range });
      expect([answer.status, answer.text === text], range).toEqual([206, true]);
    }
  });

  it('behind the part are not read', async () => {
    read = 0;
    await ask({ range: 'bytes=0-99' });
    expect(read).toBeLessThan(BYTES / 2);
  });

  it('that are not there cannot be asked for', async () => {
    const empty = pathOf((await harness.run('runner', 'empty')).id);
    for (const [range, at, length] of [[`bytes=${BYTES}-`, path, BYTES], ['bytes=-0', path, BYTES], ['bytes=0-', empty, 0]] as const) {
      const { status, json, headers } = await ask({ range }, 'GET', at);
      expect([status, json, headers['content-range']], range).toMatchObject([416, { code: 'RANGE_NOT_SATISFIABLE' }, `bytes */${length}`]);
      expect(headers['content-disposition']).toBeUndefined();
    }
    expect(await ask({}, 'GET', empty)).toMatchObject({ status: 200, text: '' });
  });

  it('are sent whole where a part is none, or belongs to others', async () => {
    for (const headers of [{ range: 'bytes=5-4' }, { range: 'bytes=0-1,5-6' }, { range: 'lines=1-2' }, { range: 'bytes=-' }, { range: 'bytes=a-b' }, { range: 'bytes=0-1', 'if-range': '"other"' }]) {
      const { status, text } = await ask(headers);
      expect([status, text.length], JSON.stringify(headers)).toEqual([200, BYTES]);
    }
    expect((await ask({ range: 'bytes=0-1', 'if-range': etag })).status).toBe(206);
    const head = await ask({ range: 'bytes=0-1' }, 'HEAD');
    expect([head.status, head.headers['content-length'], head.headers['accept-ranges']]).toEqual([200, String(BYTES), 'bytes']);
  });

  it('can be asked for by a client', async () => {
    const client = createClient({ url: harness.url, key: 'viewer' });
    const params = { id, name: 'docs/note.md' };
    const part = await client.download('getArtifact', { params, range: [0, 99] });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, `bytes 0-99/${BYTES}`, whole.slice(0, 100)]);
    await expect(client.download('getArtifact', { params, range: [BYTES, BYTES] })).rejects.toMatchObject({ code: 'RANGE_NOT_SATISFIABLE', status: 416 });
    const { digest, text } = await client.call('getRunDocument', { params: { id } });
    expect([digest, text]).toEqual([expect.stringMatching(/^sha256:/), HELLO.replace('echo "# hi" >', `${TEXT} >`)]);
  });
});
