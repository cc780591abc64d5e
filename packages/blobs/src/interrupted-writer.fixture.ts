import { type BlobsPlace, numbered, openBlobs } from './open-blobs.fixture.js';

/** A program: puts 40 MiB, and says so when half of it has been taken; from then on it gives no more. */
const { blobs } = openBlobs(JSON.parse(process.argv[2] ?? '') as BlobsPlace);

async function* halfOf40(): AsyncGenerator<Uint8Array> {
  yield* numbered(20);
  console.log('half');
  await new Promise(() => setInterval(() => undefined, 60_000));
}

await blobs.put(halfOf40(), 100_000_000);
