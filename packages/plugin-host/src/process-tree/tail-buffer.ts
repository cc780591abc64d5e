/** Room that is made at first. */
const FIRST_BYTES = 4_096;

/** Keeps the end of what is pushed: at least the last `maxBytes`. Copies, so that a chunk can be given up after it. */
export class TailBuffer {
  readonly #maxBytes: number;
  #buffer = Buffer.alloc(0);
  #keptBytes = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    const tail = chunk.length > this.#maxBytes ? chunk.subarray(-this.#maxBytes) : chunk;
    this.#makeRoom(tail.length);
    tail.copy(this.#buffer, this.#keptBytes);
    this.#keptBytes += tail.length;
  }

  /**
   * What was pushed, as text whose JSON form takes at most `maxJsonBytes`, without the line ends at its end, as `$(…)` of
   * a shell has it. If that does not fit, the beginning is replaced by a line that says how much is missing.
   */
  text(maxJsonBytes: number): string {
    const kept = this.#buffer.subarray(Math.max(0, this.#keptBytes - this.#maxBytes), this.#keptBytes);
    const dropped = this.#bytes - kept.length;
    const start = dropped === 0 ? 0 : startOfCharacter(kept);
    const text = withoutLastEnds(kept.toString('utf8', start));
    if (dropped === 0 && jsonBytes(text) <= maxJsonBytes) return text;
    return cut(text, dropped + start, maxJsonBytes);
  }

  /** Grows by doubling up to twice what is kept; from then on, moves what is kept to the front each time it is full. */
  #makeRoom(bytes: number): void {
    const needed = this.#keptBytes + bytes;
    if (needed <= this.#buffer.length) return;
    if (needed <= 2 * this.#maxBytes) {
      const larger = Buffer.alloc(Math.min(2 * this.#maxBytes, Math.max(FIRST_BYTES, 2 * needed)));
      this.#buffer.copy(larger, 0, 0, this.#keptBytes);
      this.#buffer = larger;
    } else {
      const from = Math.max(0, this.#keptBytes - this.#maxBytes);
      this.#buffer.copyWithin(0, from, this.#keptBytes);
      this.#keptBytes -= from;
    }
  }
}

/** The longest end of `text` that fits, found by halving. `dropped` bytes are missing before it already. */
function cut(text: string, dropped: number, maxJsonBytes: number): string {
  const bytes = Buffer.byteLength(text);
  const marked = (from: number): string => {
    const end = text.slice(startOfUnit(text, from));
    return `[… ${String(dropped + bytes - Buffer.byteLength(end))} bytes left out]\n${end}`;
  };
  let low = Math.max(0, text.length - maxJsonBytes);
  let high = text.length;
  if (jsonBytes(marked(high)) > maxJsonBytes) return '';
  while (low < high) {
    const middle = (low + high) >> 1;
    if (jsonBytes(marked(middle)) <= maxJsonBytes) high = middle;
    else low = middle + 1;
  }
  return marked(high);
}

function withoutLastEnds(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end -= 1;
  return text.slice(0, end);
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

/** The first place that is not inside a character whose beginning is lost (RFC 3629). */
function startOfCharacter(bytes: Buffer): number {
  let start = 0;
  while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return start;
}

/** Not between the two halves of a surrogate pair. */
function startOfUnit(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at + 1 : at;
}
