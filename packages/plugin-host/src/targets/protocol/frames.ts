/**
 * What engine and handler send each other: frames of two parts, after their lengths as 32-bit numbers (big endian, both lengths first):
 * a list as JSON, of a head of a few words and a value when there is one, and bytes. The other side is never trusted with lengths: what is
 * announced larger than the bounds breaks the connection before any of it is kept.
 */
export interface Frame {
  readonly head: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  readonly bytes: Uint8Array;
}

export interface FrameBounds {
  /** Bytes of the JSON. */
  readonly text: number;
  readonly bytes: number;
  /** Why that should not be parsed. */
  readonly scan?: (json: Uint8Array) => string | undefined;
}

const LENGTHS = 8;
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
  const text = JSON.stringify(value === undefined ? [head] : [head, value]);
  const textBytes = Buffer.byteLength(text);
  const front = Buffer.allocUnsafe(LENGTHS + textBytes);
  front.writeUInt32BE(textBytes, 0);
  front.writeUInt32BE(bytes.length, 4);
  front.write(text, LENGTHS);
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
    const { text, bytes } = this.#lengths;
    const all = this.#take(this.#needed);
    this.#lengths = undefined;
    this.#needed = LENGTHS;
    const bytesAt = LENGTHS + text;
    return { ...this.#parse(all, bytesAt), bytes: bytes === 0 ? NONE : all.subarray(bytesAt) };
  }

  push(chunk: Uint8Array): void {
    this.#held.push(asBuffer(chunk));
    this.#heldBytes += chunk.length;
  }

  #readLengths(): Lengths {
    const [first] = this.#held;
    const start = first !== undefined && first.length >= LENGTHS ? first : this.#joined();
    const lengths = { text: start.readUInt32BE(0), bytes: start.readUInt32BE(4) };
    const sum = lengths.text + lengths.bytes;
    if (lengths.text > this.#bounds.text || lengths.bytes > this.#bounds.bytes) throw new BrokenProtocol(`a message of ${String(sum)} bytes is too large`);
    this.#needed = LENGTHS + sum;
    return lengths;
  }

  #parse(all: Buffer, end: number): Pick<Frame, 'head' | 'value'> {
    const problem = this.#bounds.scan?.(all.subarray(LENGTHS, end));
    if (problem !== undefined) throw new BrokenProtocol(`a message is refused: ${problem}`);
    const parsed = parse(all.toString('utf8', LENGTHS, end));
    const [head, value] = Array.isArray(parsed) ? (parsed as readonly unknown[]) : [];
    if (!isHead(head)) throw new BrokenProtocol('the head of a message is no object');
    return { head, value };
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
  readonly text: number;
  readonly bytes: number;
}

function isHead(head: unknown): head is Frame['head'] {
  return typeof head === 'object' && head !== null && !Array.isArray(head);
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
