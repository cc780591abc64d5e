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
  /** Makes what is stored under this digest look as if it had been stored at this instant, in milliseconds since the epoch. */
  backdate(digest: string, storedAt: number): Promise<void>;
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
  {
    name: 'removes what was stored before an instant, and nothing that was stored since',
    async run({ blobs, backdate }) {
      const [old, fresh] = [await blobs.put(Buffer.alloc(700_000, 'old'), ROOM), await blobs.put(Buffer.from('fresh'), ROOM)];
      await backdate(old.digest, Date.now() - 2 * HOUR_MS);
      const since = Date.now() - HOUR_MS;
      assert.equal(await blobs.remove(old.digest, Date.now() - 3 * HOUR_MS), false);
      assert.equal((await readAll(blobs, old.digest)).length, 700_000);
      assert.equal(await blobs.remove(old.digest, since), true);
      assert.equal(await blobs.remove(fresh.digest, since), false);
      assert.equal(await blobs.get(old.digest), undefined);
      assert.equal(String(await readAll(blobs, fresh.digest)), 'fresh');
      for (const gone of [old.digest, digestOf(Buffer.from('never stored')), 'no digest']) assert.equal(await blobs.remove(gone, since), true);
      assert.equal((await blobs.put(Buffer.alloc(700_000, 'old'), ROOM)).digest, old.digest);
      assert.equal((await readAll(blobs, old.digest)).length, 700_000);
    },
  },
  {
    name: 'renews the time of what is stored again',
    async run({ blobs, backdate }) {
      const { digest } = await blobs.put(Buffer.from('again'), ROOM);
      await backdate(digest, Date.now() - 2 * HOUR_MS);
      await blobs.put(Buffer.from('again'), ROOM);
      assert.equal(await blobs.remove(digest, Date.now() - HOUR_MS), false);
      assert.equal(String(await readAll(blobs, digest)), 'again');
    },
  },
  {
    name: 'keeps whatever was stored again while it is being removed',
    async run({ blobs, backdate }) {
      const bytes = Buffer.from('contended');
      const { digest } = await blobs.put(bytes, ROOM);
      for (let round = 0; round < 10; round += 1) {
        await backdate(digest, Date.now() - 2 * HOUR_MS);
        const remove = (): Promise<boolean> => blobs.remove(digest, Date.now() - HOUR_MS);
        await Promise.all([remove(), blobs.put(bytes, ROOM), remove(), blobs.put(bytes, ROOM), remove()]);
        assert.deepEqual(await readAll(blobs, digest), bytes);
      }
    },
  },
];

const HOUR_MS = 3_600_000;

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
