/**
 * The same bytes in parts of exactly `size`, the last one shorter; none for no bytes. Parts are copies: they may be
 * kept while the source goes on and uses its own buffers again.
 */
export async function* inParts(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let part: Buffer = Buffer.alloc(0);
  let used = 0;
  for await (const chunk of chunks) {
    let at = 0;
    while (at < chunk.byteLength) {
      const end = Math.min(chunk.byteLength, at + size - used);
      part = withRoom(part, { used, needed: used + end - at, size });
      part.set(chunk.subarray(at, end), used);
      used += end - at;
      at = end;
      if (used < size) continue;
      yield part;
      // Where one part was full the next one is likely to be.
      part = Buffer.allocUnsafeSlow(size);
      used = 0;
    }
  }
  if (used > 0) yield part.subarray(0, used);
}

/** Grows by doubling, so that a blob of ten bytes does not take the memory of a whole part. */
function withRoom(part: Buffer, room: { used: number; needed: number; size: number }): Buffer {
  if (part.byteLength >= room.needed) return part;
  const grown = Buffer.allocUnsafeSlow(Math.min(room.size, Math.max(room.needed, part.byteLength * 2)));
  part.copy(grown, 0, 0, room.used);
  return grown;
}
