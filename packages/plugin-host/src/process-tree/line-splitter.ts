const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Cuts bytes into lines of text. A line ends with LF, CR LF or a lone CR: each state of a progress bar becomes a line of
 * its own, and an empty one between two CR is left out. A line of more than `maxBytes` keeps its beginning and says how
 * much is missing; no more than that is ever held. Bytes that are not UTF-8 become U+FFFD.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #lineBytes = 0;
  /** Whether the last byte so far was a CR, of which it is open what it means: it ended a line, or an empty state. */
  #lastReturn: 'none' | 'ended' | 'empty' = 'none';

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in this chunk. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    if (this.#lastReturn !== 'none' && chunk.length > 0) {
      if (chunk[0] === LINE_FEED) {
        start = 1;
        if (this.#lastReturn === 'empty') lines.push('');
      }
      this.#lastReturn = 'none';
    }
    if (!chunk.includes(CARRIAGE_RETURN, start)) start = this.#pushFeeds(chunk, start, lines);
    else start = this.#pushAny(chunk, start, lines);
    this.#hold(chunk.subarray(start));
    return lines;
  }

  /** The last line, when the bytes did not end with a line end. */
  end(): string | undefined {
    return this.#lineBytes === 0 ? undefined : this.#takeHeld();
  }

  /** The usual case: only line feeds. They occur inside no other character, so a block of lines can be decoded in one go. */
  #pushFeeds(chunk: Buffer, from: number, lines: string[]): number {
    let start = from;
    const last = chunk.lastIndexOf(LINE_FEED);
    if (last < start) return start;
    if (this.#lineBytes > 0 || last - start > this.#maxBytes) {
      for (let end = chunk.indexOf(LINE_FEED, start); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        this.#hold(chunk.subarray(start, end));
        lines.push(this.#takeHeld());
        start = end + 1;
        if (last - start <= this.#maxBytes) break;
      }
    }
    if (start <= last) for (const line of chunk.toString('utf8', start, last).split('\n')) lines.push(this.#fit(line));
    return last + 1;
  }

  #pushAny(chunk: Buffer, from: number, lines: string[]): number {
    let start = from;
    for (let end = nextEnd(chunk, start); end >= 0; end = nextEnd(chunk, start)) {
      const isReturn = chunk[end] === CARRIAGE_RETURN;
      const isPair = isReturn && chunk[end + 1] === LINE_FEED;
      const isEmpty = end === start && this.#lineBytes === 0;
      if (isReturn && end + 1 === chunk.length) this.#lastReturn = isEmpty ? 'empty' : 'ended';
      if (!isEmpty || !isReturn || isPair) {
        this.#hold(chunk.subarray(start, end));
        lines.push(this.#takeHeld());
      }
      start = end + (isPair ? 2 : 1);
    }
    return start;
  }

  #hold(part: Buffer): void {
    this.#lineBytes += part.length;
    // One byte more than fits, so that the end of a cut line can be found.
    const room = this.#maxBytes + 1 - this.#restBytes;
    if (room <= 0 || part.length === 0) return;
    // A copy: a slice would keep the whole chunk alive.
    const held = Buffer.from(part.subarray(0, room));
    this.#rest.push(held);
    this.#restBytes += held.length;
  }

  #takeHeld(): string {
    const held = this.#rest.length === 1 ? this.#rest[0] : undefined;
    const bytes = held ?? Buffer.concat(this.#rest);
    const lineBytes = this.#lineBytes;
    this.#rest = [];
    this.#restBytes = 0;
    this.#lineBytes = 0;
    return lineBytes > this.#maxBytes ? cutBytes(bytes, this.#maxBytes, lineBytes) : this.#fit(bytes.toString('utf8'));
  }

  /** Replaced bytes take three each, so a line can be too long only after decoding. */
  #fit(line: string): string {
    if (line.length * 3 <= this.#maxBytes) return line;
    const bytes = Buffer.from(line);
    return bytes.length <= this.#maxBytes ? line : cutBytes(bytes, this.#maxBytes, bytes.length);
  }
}

function nextEnd(chunk: Buffer, from: number): number {
  for (let at = from; at < chunk.length; at += 1) {
    if (chunk[at] === LINE_FEED || chunk[at] === CARRIAGE_RETURN) return at;
  }
  return -1;
}

function cutBytes(bytes: Buffer, maxBytes: number, lineBytes: number): string {
  const marker = ` … [cut: the line has ${String(lineBytes)} bytes]`;
  let room = Math.max(0, maxBytes - Buffer.byteLength(marker));
  for (;;) {
    const text = bytes.toString('utf8', 0, characterEnd(bytes, room)) + marker;
    const over = Buffer.byteLength(text) - maxBytes;
    if (over <= 0 || room === 0) return text;
    room = Math.max(0, room - Math.ceil(over / 3));
  }
}

/** The last place up to `at` that is not inside a character: continuation bytes are 10xxxxxx (RFC 3629). */
function characterEnd(bytes: Buffer, at: number): number {
  let end = Math.min(at, bytes.length);
  for (let steps = 0; steps < 3 && end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80; steps += 1) end -= 1;
  return end;
}
