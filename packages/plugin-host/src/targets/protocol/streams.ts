import { BrokenProtocol } from './frames.js';

export type ByteSource = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

const CHUNK_BYTES = 256 * 1024;

interface Sender {
  readonly chunk: (bytes: Uint8Array) => void;
  readonly end: () => void;
  readonly fail: (thrown: unknown) => void;
}

/** A stream to the other side: a chunk goes out for each one that is asked for. */
export class OutgoingStream {
  readonly #iterator: AsyncIterator<unknown>;
  readonly #sender: Sender;
  #rest: Uint8Array | undefined;
  #wanted = 0;
  #isBusy = false;
  #isOver = false;

  constructor(source: ByteSource, sender: Sender) {
    this.#iterator = (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    this.#sender = sender;
  }

  more(): void {
    this.#wanted += 1;
    if (!this.#isBusy) void this.#pump();
  }

  /** The other side has read enough. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    void Promise.resolve(this.#iterator.return?.()).catch(() => undefined);
  }

  async #pump(): Promise<void> {
    this.#isBusy = true;
    try {
      while (this.#wanted > 0 && !this.#isOver) {
        const chunk = this.#rest ?? (await this.#nextChunk());
        if (this.#over()) return;
        if (chunk === undefined) {
          this.#isOver = true;
          this.#sender.end();
          return;
        }
        this.#rest = chunk.length > CHUNK_BYTES ? chunk.subarray(CHUNK_BYTES) : undefined;
        if (chunk.length === 0) continue;
        this.#wanted -= 1;
        this.#sender.chunk(chunk.subarray(0, CHUNK_BYTES));
      }
    } catch (thrown) {
      if (this.#over()) return;
      this.#isOver = true;
      this.#sender.fail(thrown);
    } finally {
      this.#isBusy = false;
    }
  }

  async #nextChunk(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.#iterator.next();
    if (done === true) return undefined;
    if (value instanceof Uint8Array) return value;
    throw new TypeError('a stream of bytes gives Uint8Array');
  }

  /** Asked anew: it changes while something is waited for. */
  #over(): boolean {
    return this.#isOver;
  }
}

interface Receiver {
  readonly more: () => void;
  readonly stop: () => void;
}

/** A stream of the other side: one chunk is asked for whenever the last one was read. */
export class IncomingStream {
  readonly readable: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #asked: (() => void) | undefined;
  #isOver = false;

  constructor({ more, stop }: Receiver) {
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          more();
          return new Promise<void>((resolve) => {
            this.#asked = resolve;
          });
        },
        cancel: () => {
          this.#isOver = true;
          stop();
        },
      },
      { highWaterMark: 1 },
    );
  }

  take(bytes: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#asked === undefined) throw new BrokenProtocol('a stream sends what nobody asked for');
    this.#controller?.enqueue(bytes);
    this.#goOn();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.close();
    this.#goOn();
  }

  fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.error(reason);
    this.#goOn();
  }

  #goOn(): void {
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.();
  }
}
