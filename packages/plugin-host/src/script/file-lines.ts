const LINE_END = 0x0a;
const CHUNK_BYTES = 256 * 1024;

/** Bytes that are read where they are. */
export interface ByteSource {
  readonly bytes: number;
  /** Fills `target` from `at` on as far as there is something. Answers how many bytes that were. */
  readonly readInto: (target: Uint8Array, at: number) => number;
}

/** From its first byte to before its LF, or to before the end of all. */
export interface LinePlace {
  readonly start: number;
  readonly end: number;
}

/** The lines of a source, one after the other. It keeps one piece of it in memory, whatever the length of a line. */
export class FileLines {
  /** Pieces read by now. */
  pieces = 0;
  /** Of the line that `next` gave last, from 1. */
  number = 0;
  readonly #source: ByteSource;
  readonly #buffer: Buffer;
  #piece: Buffer;
  #pieceAt = 0;
  #at = 0;
  #bytes: number;

  constructor(source: ByteSource) {
    this.#source = source;
    this.#bytes = source.bytes;
    this.#buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, source.bytes));
    this.#piece = this.#buffer.subarray(0, 0);
  }

  /** `undefined` after the last one. What is behind the last LF is a line only if it is not empty. */
  next(): LinePlace | undefined {
    const start = this.#at;
    for (let from = start; from < this.#bytes; from = this.#pieceAt + this.#piece.length) {
      this.#load(from);
      const found = this.#piece.indexOf(LINE_END, from - this.#pieceAt);
      if (found >= 0) return this.#take(start, this.#pieceAt + found, 1);
    }
    return start < this.#bytes ? this.#take(start, this.#bytes, 0) : undefined;
  }

  /** Hands the bytes of a place to `use`, to be forgotten by the time it returns. */
  read<T>({ start, end }: LinePlace, use: (bytes: Uint8Array) => T): T {
    const offset = start - this.#pieceAt;
    if (offset >= 0 && end <= this.#pieceAt + this.#piece.length) return use(this.#piece.subarray(offset, end - this.#pieceAt));
    const bytes = new Uint8Array(end - start);
    try {
      return use(bytes.subarray(0, this.#source.readInto(bytes, start)));
    } finally {
      // At once: what is left to a collection would be there a second time for long.
      bytes.buffer.transfer(0);
    }
  }

  #take(start: number, end: number, lineEnd: 0 | 1): LinePlace {
    this.#at = end + lineEnd;
    this.number += 1;
    return { start, end };
  }

  #load(from: number): void {
    if (from >= this.#pieceAt && from < this.#pieceAt + this.#piece.length) return;
    const read = this.#source.readInto(this.#buffer, from);
    this.#piece = this.#buffer.subarray(0, read);
    this.#pieceAt = from;
    this.pieces += 1;
    // It has become shorter since it was looked at.
    if (read === 0) this.#bytes = from;
  }
}
