import { randomUUID } from 'node:crypto';

import type { BlobContent, StoredBlob } from '@kb-labs/ports';

import { inParts } from '../in-parts.js';
import { openLane } from '../lane.js';
import { type Intake, takeIn } from '../take-in.js';
import { dropChunks, putChunk } from './chunks.js';
import type { RedisPlace } from './place.js';
import { publish } from './publish.js';

const CHUNK_BYTES = 512 * 1024;

/** As many chunks may be on their way: with the one being filled, 2.5 MiB. */
const CHUNKS_UNDER_WAY = 4;

/** Errors of the source go through as they are; those of Redis become errors of the register. */
export async function writeBlob(place: RedisPlace, content: BlobContent, maxBytes: number): Promise<StoredBlob> {
  const upload = randomUUID();
  const intake = takeIn(content, maxBytes);
  await send(place, upload, intake);
  const { hash, bytes } = intake.finish();
  // From here on another writer of the same bytes may rely on these chunks: nothing is taken back any more.
  await publish(place, hash, { upload, bytes, chunkBytes: CHUNK_BYTES });
  return { digest: `sha256:${hash}`, bytes };
}

async function send(place: RedisPlace, upload: string, intake: Intake): Promise<void> {
  const lane = openLane(CHUNKS_UNDER_WAY);
  let index = 0;
  try {
    for await (const bytes of inParts(intake.chunks, CHUNK_BYTES)) {
      const chunk = { upload, index, bytes };
      index += 1;
      await lane.add(putChunk(place, chunk));
    }
    await lane.end();
  } catch (thrown) {
    await lane.settle();
    await dropChunks(place, { upload, bytes: index * CHUNK_BYTES, chunkBytes: CHUNK_BYTES });
    throw thrown;
  }
}
