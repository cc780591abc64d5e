import { LIMITS } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

/**
 * Counts what an evaluation does and ends it at a limit, so that its cost is bounded by the limits and not by what the
 * values are. One unit is about one character read or written; an element of an array or object costs eight.
 */
export class Work {
  readonly limit: number;
  /** The expression that errors name. */
  source = '';
  #done = 0;

  constructor(limit: number = LIMITS.expressionWork) {
    this.limit = limit;
  }

  get done(): number {
    return this.#done;
  }

  characters(count: number): void {
    this.#done += count;
    if (this.#done > this.limit) this.fail(`it takes more than ${this.limit} steps`);
  }

  elements(count: number): void {
    this.characters(8 * count);
  }

  /** Refuses a text longer than `LIMITS.valueBytes` bytes of UTF-8 and counts one that is accepted. */
  text(text: string): string {
    if (exceedsBytes(text, LIMITS.valueBytes)) this.tooLong();
    this.characters(text.length);
    return text;
  }

  tooLong(): never {
    return this.fail(`a text would be longer than ${LIMITS.valueBytes} bytes`);
  }

  /** Messages name the expression and never a value: a value can be a secret. */
  fail(problem: string): never {
    const expression = this.source.length > 200 ? `${this.source.slice(0, 200)}…` : this.source;
    throw new AppError('EXPRESSION_FAILED', { problem, expression });
  }
}

function exceedsBytes(text: string, limit: number): boolean {
  if (text.length > limit) return true;
  if (text.length * 3 <= limit) return false;
  let bytes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    // Each half of a surrogate pair stands for two of the pair's four bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
  }
  return bytes > limit;
}
