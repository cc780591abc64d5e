import { type BlobsPlace, numbered, openBlobs } from './open-blobs.fixture.js';

/**
 * A program: puts and gets 128 MiB, as a stream or (to show that it is noticed) gathered in memory first. Prints how
 * much the resident memory grew at its highest, and how long it took.
 */
const [where, manner] = process.argv.slice(2);
const { blobs, close } = openBlobs(JSON.parse(where ?? '') as BlobsPlace);
const MEBIBYTES = 128;
const ROOM = 2 ** 30;

await read((await blobs.put(numbered(8), ROOM)).digest);
const before = process.memoryUsage.rss();
const start = performance.now();
const { digest, bytes } = await blobs.put(manner === 'gathered' ? await gather(numbered(MEBIBYTES)) : numbered(MEBIBYTES), ROOM);
const written = performance.now();
const got = await read(digest);
const end = performance.now();
// In kibibytes, whatever the system.
const grownMiB = process.resourceUsage().maxRSS / 1024 - before / 1024 / 1024;
console.log(JSON.stringify({ bytes, got, grownMiB, putMs: written - start, getMs: end - written }));
await close();

async function read(stored: string): Promise<number> {
  let count = 0;
  for await (const chunk of (await blobs.get(stored)) ?? []) count += chunk.byteLength;
  return count;
}

async function gather(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
