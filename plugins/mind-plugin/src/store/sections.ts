import { crc32 } from 'node:zlib';

/** A file that is made of named parts. The kind says what it is and which version of it. */
export interface Sectioned<Header> {
  readonly header: Header;
  readonly parts: Readonly<Record<string, Uint8Array>>;
}

interface Stored {
  readonly header: unknown;
  readonly parts: Readonly<Record<string, readonly [offset: number, bytes: number]>>;
}

const PREFIX_BYTES = 16;
const CHECKSUM_BYTES = 4;

/**
 * The bytes of the file: eight of the kind, the order of the machine's bytes, the length of the table; the table as JSON; the parts, each on
 * a multiple of eight; the CRC-32 of all that. A file whose writing was cut off is thus told from a whole one.
 */
export function packSections(kind: string, { header, parts }: Sectioned<unknown>): Buffer {
  let offset = 0;
  const table: Record<string, readonly [number, number]> = {};
  for (const [name, bytes] of Object.entries(parts)) {
    table[name] = [offset, bytes.byteLength];
    offset += aligned(bytes.byteLength);
  }
  const stored = Buffer.from(JSON.stringify({ header, parts: table } satisfies Stored));
  const start = aligned(PREFIX_BYTES + stored.length);
  const packed = Buffer.alloc(start + offset + CHECKSUM_BYTES);
  packed.write(kind.padEnd(8, ' '), 0, 8, 'latin1');
  new Uint32Array(packed.buffer, packed.byteOffset + 8, 2).set([BYTE_ORDER, stored.length]);
  stored.copy(packed, PREFIX_BYTES);
  for (const [name, bytes] of Object.entries(parts)) packed.set(bytes, start + (table[name]?.[0] ?? 0));
  packed.writeUInt32LE(crc32(packed.subarray(0, packed.length - CHECKSUM_BYTES)), packed.length - CHECKSUM_BYTES);
  return packed;
}

/** `undefined` for what is not whole, of another kind or version, or of a machine that orders its bytes otherwise. */
export function unpackSections(kind: string, given: Uint8Array): Sectioned<unknown> | undefined {
  const bytes = given.byteOffset % 8 === 0 ? given : Uint8Array.from(given);
  const packed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (packed.length < PREFIX_BYTES + CHECKSUM_BYTES || packed.toString('latin1', 0, 8) !== kind.padEnd(8, ' ')) return undefined;
  const [order, length = 0] = new Uint32Array(packed.buffer, packed.byteOffset + 8, 2);
  const body = packed.length - CHECKSUM_BYTES;
  if (order !== BYTE_ORDER || crc32(packed.subarray(0, body)) !== packed.readUInt32LE(body)) return undefined;
  const { header, parts } = JSON.parse(packed.toString('utf8', PREFIX_BYTES, PREFIX_BYTES + length)) as Stored;
  const start = aligned(PREFIX_BYTES + length);
  const unpacked: Record<string, Uint8Array> = {};
  for (const [name, [offset, size]] of Object.entries(parts)) unpacked[name] = packed.subarray(start + offset, Math.min(start + offset + size, body));
  return { header, parts: unpacked };
}

const BYTE_ORDER = 0x01020304;

function aligned(length: number): number {
  return Math.ceil(length / 8) * 8;
}

export function bytesOf(array: Uint32Array | Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

export function numbersOf(bytes: Uint8Array | undefined): Uint32Array {
  return bytes === undefined ? new Uint32Array() : new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 4));
}
