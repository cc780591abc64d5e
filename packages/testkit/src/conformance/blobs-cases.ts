import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import type { Blobs } from '@kb-labs/ports';
import fc from 'fast-check';

import { present, rejectsWith } from './expectations.js';
import type { ConformanceCase } from './suite.js';

/** A blob store to be judged, empty. */
export interface BlobsUnderTest {
  readonly blobs: Blobs;
  /** Changes a byte of what is stored under this digest, behind the adapter's back. */
  damage(digest: string): Promise<void>;
  close(): Promise<void>;
}

const ROOM = 1_000_000;

export const BLOBS_CASES: readonly ConformanceCase<BlobsUnderTest>[] = [
  {
    name: 'gives back what was stored, by the digest of its bytes',
    async run({ blobs }) {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), fc.integer({ min: 1, max: 700 }), async (bytes, piece) => {
          const whole = await blobs.put(bytes, ROOM);
          assert.deepEqual(whole, { digest: digestOf(bytes), bytes: bytes.length });
          assert.deepEqual(await blobs.put(inPieces(bytes, piece), ROOM), whole);
          assert.deepEqual(await readAll(blobs, whole.digest), Buffer.from(bytes));
        }),
        { numRuns: 20 },
      );
    },
  },
  {
    name: 'keeps an empty blob and a large one',
    async run({ blobs }) {
      const large = Buffer.alloc(3_000_000, 'abcdefg');
      for (const bytes of [Buffer.alloc(0), large]) {
        const { digest } = await blobs.put(inPieces(bytes, 70_000), 4_000_000);
        assert.deepEqual(await readAll(blobs, digest), bytes);
      }
    },
  },
  {
    name: 'accepts exactly the limit, and keeps nothing of one byte more',
    async run({ blobs }) {
      for (const size of [99, 100]) assert.equal((await blobs.put(inPieces(Buffer.alloc(size, 1), 30), 100)).bytes, size);
      const over = Buffer.alloc(101, 1);
      await rejectsWith('ARTIFACT_INVALID', () => blobs.put(over, 100));
      await rejectsWith('ARTIFACT_INVALID', () => blobs.put(inPieces(over, 30), 100));
      assert.equal(await blobs.get(digestOf(over)), undefined);
    },
  },
  {
    name: 'stops reading a source that is over the limit',
    async run({ blobs }) {
      let given = 0;
      let ended = false;
      const endless = (async function* () {
        try {
          for (;;) {
            given += 10;
            yield Buffer.alloc(10);
          }
        } finally {
          ended = true;
        }
      })();
      await rejectsWith('ARTIFACT_INVALID', () => blobs.put(endless, 100));
      assert.equal(given, 110);
      assert.equal(ended, true);
    },
  },
  {
    name: 'keeps nothing of a source that fails, and passes its error on',
    async run({ blobs }) {
      const failure = new Error('the source broke');
      const broken = (async function* () {
        yield Buffer.from('begin');
        throw failure;
      })();
      await assert.rejects(() => blobs.put(broken, ROOM), failure);
      assert.equal(await blobs.get(digestOf(Buffer.from('begin'))), undefined);
    },
  },
  {
    name: 'has nothing under an unknown digest, or under a text that is none',
    async run({ blobs }) {
      assert.equal(await blobs.get(digestOf(Buffer.from('never stored'))), undefined);
      for (const text of ['', 'sha256:', `sha256:${'g'.repeat(64)}`, `md5:${'0'.repeat(64)}`, `sha256:../../${'0'.repeat(58)}`]) {
        assert.equal(await blobs.get(text), undefined);
      }
    },
  },
  {
    name: 'stores the same bytes from many writers at once',
    async run({ blobs }) {
      const bytes = Buffer.alloc(50_000, 'same');
      const stored = await Promise.all(Array.from({ length: 8 }, () => blobs.put(inPieces(bytes, 9_000), ROOM)));
      assert.equal(new Set(stored.map((each) => each.digest)).size, 1);
      assert.deepEqual(await readAll(blobs, digestOf(bytes)), bytes);
    },
  },
  {
    name: 'reports a damaged blob at the end of reading instead of passing it off as whole',
    async run({ blobs, damage }) {
      const { digest } = await blobs.put(Buffer.alloc(200_000, 'x'), ROOM);
      await damage(digest);
      await rejectsWith('STATE_CORRUPT', () => readAll(blobs, digest));
    },
  },
];

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readAll(blobs: Blobs, digest: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of present(await blobs.get(digest))) chunks.push(chunk);
  return Buffer.concat(chunks);
}
