/**
 * What engine and handler send each other: frames of three parts, each after its length as a 32-bit number (big endian, all
 * three lengths first): a head of a few words as JSON, a value as JSON, and bytes. The other side is never trusted with
 * lengths: what is announced larger than the bounds breaks the connection before any of it is kept.
 */
export interface Frame {
  readonly head: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  readonly bytes: Uint8Array;
}

export interface FrameBounds {
  readonly value: number;
  readonly bytes: number;
  /** Why the text of a value should not be parsed. */
  readonly scan?: (json: Uint8Array) => string | undefined;
}

const LENGTHS = 12;
const HEAD_BYTES = 4_096;
const NONE = new Uint8Array(0);

/** The other side does not keep to the protocol: nothing it says can be used any more. */
export class BrokenProtocol extends Error {
  override readonly name = 'BrokenProtocol';
}

/**
 * `undefined` as a value is no value. One part, and another for the bytes that go along: each part can cost a call of the system, and wake
 * the other side up once more.
 */
export function encodeFrame(head: Readonly<Record<string, unknown>>, value: unknown, bytes: Uint8Array = NONE): Uint8Array[] {
  const headText = JSON.stringify(head);
  const valueText = value === undefined ? '' : JSON.stringify(value);
  const [headBytes, valueBytes] = [Buffer.byteLength(headText), Buffer.byteLength(valueText)];
  const front = Buffer.allocUnsafe(LENGTHS + headBytes + valueBytes);
  front.writeUInt32BE(headBytes, 0);
  front.writeUInt32BE(valueBytes, 4);
  front.writeUInt32BE(bytes.length, 8);
  front.write(headText, LENGTHS);
  front.write(valueText, LENGTHS + headBytes);
  return bytes.length === 0 ? [front] : [front, bytes];
}

/** Puts frames together from chunks, however they were cut. Throws `BrokenProtocol`. */
export class FrameReader {
  readonly #bounds: FrameBounds;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #needed = LENGTHS;
  #lengths: Lengths | undefined;

  constructor(bounds: FrameBounds) {
    this.#bounds = bounds;
  }

  /** The next frame, once it is there; to be asked until it is not. */
  next(): Frame | undefined {
    if (this.#heldBytes < this.#needed) return undefined;
    this.#lengths ??= this.#readLengths();
    if (this.#heldBytes < this.#needed) return undefined;
    const { head, value, bytes } = this.#lengths;
    const all = this.#take(this.#needed);
    this.#lengths = undefined;
    this.#needed = LENGTHS;
    const valueAt = LENGTHS + head;
    const bytesAt = valueAt + value;
    return {
      head: parseHead(all.toString('utf8', LENGTHS, valueAt)),
      value: value === 0 ? undefined : this.#parseValue(all, valueAt, bytesAt),
      bytes: bytes === 0 ? NONE : all.subarray(bytesAt),
    };
  }

  push(chunk: Uint8Array): void {
    this.#held.push(asBuffer(chunk));
    this.#heldBytes += chunk.length;
  }

  #readLengths(): Lengths {
    const [first] = this.#held;
    const start = first !== undefined && first.length >= LENGTHS ? first : this.#joined();
    const lengths = { head: start.readUInt32BE(0), value: start.readUInt32BE(4), bytes: start.readUInt32BE(8) };
    if (lengths.head > HEAD_BYTES || lengths.value > this.#bounds.value || lengths.bytes > this.#bounds.bytes) {
      throw new BrokenProtocol(`a message of ${String(lengths.head + lengths.value + lengths.bytes)} bytes is too large`);
    }
    this.#needed = LENGTHS + lengths.head + lengths.value + lengths.bytes;
    return lengths;
  }

  #parseValue(all: Buffer, from: number, to: number): unknown {
    const problem = this.#bounds.scan?.(all.subarray(from, to));
    if (problem !== undefined) throw new BrokenProtocol(`a value of a message is refused: ${problem}`);
    return parse(all.toString('utf8', from, to));
  }

  #joined(): Buffer {
    const [only] = this.#held;
    if (this.#held.length === 1 && only !== undefined) return only;
    const joined = Buffer.concat(this.#held);
    this.#held = [joined];
    return joined;
  }

  #take(count: number): Buffer {
    const all = this.#joined();
    this.#heldBytes -= count;
    this.#held = this.#heldBytes === 0 ? [] : [all.subarray(count)];
    return this.#heldBytes === 0 ? all : all.subarray(0, count);
  }
}

interface Lengths {
  readonly head: number;
  readonly value: number;
  readonly bytes: number;
}

function parseHead(text: string): Readonly<Record<string, unknown>> {
  const head = parse(text);
  if (typeof head !== 'object' || head === null || Array.isArray(head)) throw new BrokenProtocol('the head of a message is no object');
  return head as Record<string, unknown>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BrokenProtocol('a message is not JSON');
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
