import { AppError } from '@kb-labs/errors';
import type { ConsumedArtifact } from '@kb-labs/ports';
import { describe, expect, it } from 'vitest';

import { consumedArtifact } from '../step-call.fixture.js';
import { readConsumed } from './read-consumed.js';

const missing = { code: 'ARTIFACT_MISSING' };
const open = new AbortController().signal;

describe('reading what a job consumes', () => {
  it('puts the pieces together', async () => {
    const text = 'a text of several pieces';
    expect(Buffer.from(await readConsumed([consumedArtifact('other', 'x'), consumedArtifact('a/b', text)], 'a/b', open)).toString()).toBe(text);
    expect(await readConsumed([consumedArtifact('empty', '')], 'empty', open)).toEqual(new Uint8Array());
  });

  it.each(['other', '../a', '', '__proto__', 'x'.repeat(10_000), undefined, 7, {}])('fails for any other name: %j', async (name) => {
    const refused = await readConsumed([consumedArtifact('a', 'x')], name as string, open).catch((error: unknown) => error);
    expect(refused).toMatchObject(missing);
    expect(String(refused).length).toBeLessThan(1_000);
  });

  it.each<readonly [string, ConsumedArtifact]>([
    ['gone', { ...consumedArtifact('a', 'text'), open: () => Promise.reject(new AppError('ARTIFACT_MISSING', { name: 'a', problem: 'its bytes are gone' })) }],
    ['fewer than were stored', consumedArtifact('a', 'text', { bytes: 5 })],
    ['more than were stored', consumedArtifact('a', 'text', { bytes: 3 })],
  ])('fails when the bytes are %s', async (_, artifact) => {
    await expect(readConsumed([artifact], 'a', open)).rejects.toMatchObject(missing);
  });

  it('ends when the step has ended', async () => {
    const stop = new AbortController();
    let given = 0;
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given += 1;
        if (given === 3) stop.abort(new Error('over'));
        yield await Promise.resolve(new Uint8Array(1));
      }
    }
    const artifact = { ...consumedArtifact('a', '', { bytes: 1_000 }), open: () => Promise.resolve(pieces()) };
    await expect(readConsumed([artifact], 'a', stop.signal)).rejects.toThrow('over');
    expect(given).toBe(3);
  });
});
