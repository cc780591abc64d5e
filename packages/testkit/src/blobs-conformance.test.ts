import { createHash } from 'node:crypto';

import type { BlobContent } from '@kb-labs/ports';
import { describe, expect, it } from 'vitest';

import { BLOBS_CASES, type BlobsUnderTest } from './conformance/blobs-cases.js';
import { runCase } from './conformance/suite.js';
import { blobsSuite } from './conformance/suites.js';

type Fault = 'bytes are lost' | 'the limit is one off' | 'a refused blob stays' | 'the source is read to its end' | 'anything is found' | 'nothing is checked' | 'anything is removed' | 'nothing is removed' | 'times are not renewed' | 'what is stored while it is removed is lost';

const NOTICED: { readonly [F in Fault]: readonly string[] } = {
  'bytes are lost': ['gives back what was stored', 'keeps an empty blob', 'stores the same bytes'],
  'the limit is one off': ['accepts exactly the limit'],
  'a refused blob stays': ['accepts exactly the limit', 'keeps nothing of a source that fails'],
  'the source is read to its end': ['stops reading a source'],
  'anything is found': ['has nothing under an unknown digest'],
  'nothing is checked': ['reports a damaged blob'],
  'anything is removed': ['removes what was stored before', 'renews the time'],
  'nothing is removed': ['removes what was stored before'],
  'times are not renewed': ['renews the time'],
  'what is stored while it is removed is lost': ['keeps whatever was stored'],
};

blobsSuite('in memory', () => Promise.resolve(memoryBlobs()), { describe, it });

describe('a blob store that breaks one promise is noticed', () => {
  for (const [fault, names] of Object.entries(NOTICED) as [Fault, readonly string[]][]) {
    it(`when ${fault}`, async () => {
      for (const start of names) {
        const found = BLOBS_CASES.find((each) => each.name.startsWith(start));
        if (found === undefined) throw new Error(`"${start}" names no case`);
        await expect(runCase(found, () => Promise.resolve(memoryBlobs(fault))), start).rejects.toThrow();
      }
    });
  }

  it('in every case', () => {
    const starts = Object.values(NOTICED).flat();
    expect(BLOBS_CASES.map((each) => each.name).filter((name) => !starts.some((start) => name.startsWith(start)))).toEqual([]);
  });
});

/** Where a source that is not stopped in time is stopped after all. */
const FAR_TOO_MUCH = 100_000;

function memoryBlobs(fault?: Fault): BlobsUnderTest {
  const stored = new Map<string, Buffer>();
  const times = new Map<string, number>();
  const keep = (bytes: Buffer): string => {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    stored.set(digest, fault === 'bytes are lost' ? bytes.subarray(1) : bytes);
    if (fault !== 'times are not renewed' || !times.has(digest)) times.set(digest, Date.now());
    return digest;
  };
  return {
    blobs: {
      async put(content, maxBytes) {
        const limit = fault === 'the limit is one off' ? maxBytes + 1 : maxBytes;
        const chunks: Uint8Array[] = [];
        let size = 0;
        try {
          for await (const chunk of chunksOf(content)) {
            chunks.push(chunk);
            size += chunk.byteLength;
            const over = fault === 'the source is read to its end' ? size > FAR_TOO_MUCH : size > limit;
            if (over) throw Object.assign(new Error('too large'), { code: 'ARTIFACT_INVALID' });
          }
          if (size > limit) throw Object.assign(new Error('too large'), { code: 'ARTIFACT_INVALID' });
        } catch (thrown) {
          if (fault === 'a refused blob stays') keep(Buffer.concat(chunks));
          throw thrown;
        }
        return { digest: keep(Buffer.concat(chunks)), bytes: size };
      },
      get(digest) {
        const bytes = stored.get(digest) ?? (fault === 'anything is found' ? Buffer.alloc(0) : undefined);
        return Promise.resolve(bytes === undefined ? undefined : read(bytes, fault === 'nothing is checked' ? undefined : digest));
      },
      async remove(digest, unlessSince) {
        const isNew = (times.get(digest) ?? 0) >= unlessSince;
        if (isNew && fault !== 'anything is removed') return false;
        if (fault === 'what is stored while it is removed is lost') await new Promise(setImmediate);
        if (fault !== 'nothing is removed') stored.delete(digest);
        times.delete(digest);
        return true;
      },
    },
    backdate(digest, storedAt) {
      times.set(digest, storedAt);
      return Promise.resolve();
    },
    damage(digest) {
      stored.set(digest, Buffer.from('something else'));
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

async function* read(bytes: Buffer, digest: string | undefined): AsyncGenerator<Uint8Array> {
  yield bytes;
  const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (digest !== undefined && found !== digest) throw Object.assign(new Error('damaged'), { code: 'STATE_CORRUPT' });
}

function chunksOf(content: BlobContent): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  return content instanceof Uint8Array ? [content] : content;
}
