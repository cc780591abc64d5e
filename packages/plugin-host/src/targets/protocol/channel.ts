import { BrokenProtocol, encodeFrame, type Frame, type FrameBounds, FrameReader } from './frames.js';
import { LateAbort } from './late-abort.js';
import { IncomingStream, OutgoingStream, type ByteSource } from './streams.js';
import { packThrown, unpackThrown } from './thrown.js';

export interface Message {
  readonly value?: unknown;
  readonly bytes?: Uint8Array;
}

/** A call of the other side. `signal`: it is no longer waited for. */
export interface IncomingCall {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal;
}

export interface ChannelOptions {
  /** Takes what is to be sent. */
  readonly write: (parts: readonly Uint8Array[]) => void;
  /** While it gives a promise nothing more is read: the other side has to take what it was sent first. */
  readonly heldBack?: () => Promise<void> | undefined;
  readonly answer: (call: IncomingCall) => Promise<Message>;
  /** What is told without an answer. A promise holds the other side back. */
  readonly note: (method: string, args: readonly unknown[]) => void | Promise<void>;
  readonly bounds: FrameBounds;
  /** Calls of the other side that may be open at once, and the bytes that came with them: beyond, no more is read for a while. */
  readonly maxCalls: number;
  readonly maxOpenBytes: number;
  /** Before the first number of a call or stream of this side. 0 when left out. */
  readonly numbersAfter?: number;
}

interface Waiting {
  readonly resolve: (message: Required<Message>) => void;
  readonly reject: (thrown: unknown) => void;
}

/**
 * Calls both ways over a pair of pipes, with streams of bytes that are sent only as fast as they are read. Both sides are
 * alike. What does not keep to the protocol makes `receive` throw `BrokenProtocol`.
 */
export class Channel {
  readonly #options: ChannelOptions;
  readonly #reader: FrameReader;
  readonly #waiting = new Map<number, Waiting>();
  readonly #open = new Map<number, LateAbort>();
  readonly #outgoing = new Map<number, OutgoingStream>();
  readonly #incoming = new Map<number, IncomingStream>();
  #last: number;
  #openBytes = 0;
  #roomier: (() => void) | undefined;
  #closed: { readonly reason: unknown } | undefined;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#last = options.numbersAfter ?? 0;
    this.#reader = new FrameReader(options.bounds);
  }

  /** `signal` gives up on the answer and tells the other side so. */
  call(method: string, args: readonly unknown[], options: { bytes?: Uint8Array; signal?: AbortSignal } = {}): Promise<Required<Message>> {
    const { bytes, signal } = options;
    if (this.#closed !== undefined) return Promise.reject(asError(this.#closed.reason));
    if (signal?.aborted === true) return Promise.reject(asError(signal.reason));
    const id = this.#newId();
    const { promise, resolve, reject } = Promise.withResolvers<Required<Message>>();
    this.#waiting.set(id, { resolve, reject });
    this.#send({ t: 'call', id, m: method }, args, bytes);
    if (signal === undefined) return promise;
    const onAbort = (): void => {
      this.#waiting.delete(id);
      this.#send({ t: 'cancel', id });
      reject(asError(signal.reason));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  tell(method: string, args: readonly unknown[]): void {
    this.#send({ t: 'note', m: method }, args);
  }

  /** Offers a stream; its id is to be sent along with a call or an answer. */
  offer(source: ByteSource): number {
    const id = this.#newId();
    const stream = new OutgoingStream(source, {
      chunk: (bytes) => this.#send({ t: 'chunk', s: id }, undefined, bytes),
      end: () => this.#finishOutgoing(id, { t: 'end', s: id }),
      fail: (thrown) => this.#finishOutgoing(id, { t: 'fail', s: id }, packThrown(thrown)),
    });
    this.#outgoing.set(id, stream);
    return id;
  }

  /** A stream that the other side offers, to be read once. */
  accept(id: unknown): ReadableStream<Uint8Array> {
    if (!isId(id) || this.#incoming.has(id)) throw new BrokenProtocol('a stream was offered twice, or without its number');
    const stream = new IncomingStream({
      more: () => this.#send({ t: 'more', s: id }),
      stop: () => {
        this.#incoming.delete(id);
        this.#send({ t: 'stop', s: id });
      },
    });
    this.#incoming.set(id, stream);
    if (this.#closed !== undefined) stream.fail(this.#closed.reason);
    return stream.readable;
  }

  /** Takes what has come. A promise means: wait before giving more. */
  receive(chunk: Uint8Array): void | Promise<void> {
    this.#reader.push(chunk);
    return this.#takeFrames();
  }

  /** Nothing comes or goes any more; what is waited for fails with the reason. */
  close(reason: unknown): void {
    if (this.#closed !== undefined) return;
    this.#closed = { reason };
    for (const { reject } of this.#waiting.values()) reject(reason);
    for (const call of this.#open.values()) call.abort(reason);
    for (const stream of this.#incoming.values()) stream.fail(reason);
    for (const stream of this.#outgoing.values()) stream.stop();
    this.#roomier?.();
    for (const map of [this.#waiting, this.#open, this.#incoming, this.#outgoing]) map.clear();
  }

  #takeFrames(): void | Promise<void> {
    for (let frame = this.#nextFrame(); frame !== undefined; frame = this.#nextFrame()) {
      const taken = this.#take(frame) ?? this.#options.heldBack?.();
      if (taken !== undefined) return taken.then(() => this.#takeFrames());
    }
  }

  #nextFrame(): Frame | undefined {
    return this.#closed === undefined ? this.#reader.next() : undefined;
  }

  #take({ head, value, bytes }: Frame): void | Promise<void> {
    const { t: kind, id, s: stream, m: method } = head;
    switch (kind) {
      case 'call':
        return this.#answer(numberOf(id), String(method), { args: listOf(value), bytes });
      case 'note':
        return this.#options.note(String(method), listOf(value));
      case 'ok':
        return this.#settle(numberOf(id), (waiting) => waiting.resolve({ value, bytes }));
      case 'no':
        return this.#settle(numberOf(id), (waiting) => waiting.reject(unpackThrown(value)));
      case 'cancel':
        return this.#open.get(numberOf(id))?.abort(new DOMException('the call was given up', 'AbortError'));
      case 'chunk':
        return this.#incoming.get(numberOf(stream))?.take(bytes);
      case 'end':
        return this.#endIncoming(numberOf(stream), (incoming) => incoming.end());
      case 'fail':
        return this.#endIncoming(numberOf(stream), (incoming) => incoming.fail(unpackThrown(value)));
      case 'more':
        return this.#outgoing.get(numberOf(stream))?.more();
      case 'stop':
        this.#outgoing.get(numberOf(stream))?.stop();
        this.#outgoing.delete(numberOf(stream));
        return;
      default:
        throw new BrokenProtocol('a message of an unknown kind');
    }
  }

  #answer(id: number, method: string, { args, bytes }: { args: readonly unknown[]; bytes: Uint8Array }): void | Promise<void> {
    if (this.#open.has(id)) throw new BrokenProtocol('two calls have the same number');
    if (this.#open.size >= this.#options.maxCalls) throw new BrokenProtocol(`more than ${String(this.#options.maxCalls)} calls at once`);
    const abort = new LateAbort();
    this.#open.set(id, abort);
    this.#openBytes += bytes.length;
    const finish = (head: Readonly<Record<string, unknown>>, message: Message): void => {
      if (this.#open.delete(id)) this.#openBytes -= bytes.length;
      this.#roomier?.();
      if (!abort.isAborted) this.#send(head, message.value, message.bytes);
    };
    const call: IncomingCall = {
      method,
      args,
      bytes,
      get signal() {
        return abort.signal;
      },
    };
    void this.#options
      .answer(call)
      .then((message) => finish({ t: 'ok', id }, message))
      .catch((thrown: unknown) => finish({ t: 'no', id }, { value: packThrown(thrown) }));
    if (this.#openBytes > this.#options.maxOpenBytes) return this.#room();
  }

  async #room(): Promise<void> {
    while (this.#openBytes > this.#options.maxOpenBytes && this.#closed === undefined) {
      await new Promise<void>((resolve) => {
        this.#roomier = resolve;
      });
    }
  }

  /** An answer that nobody waits for any more is that of a call which was given up. */
  #settle(id: number, settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting !== undefined) settle(waiting);
  }

  #endIncoming(id: number, end: (stream: IncomingStream) => void): void {
    const stream = this.#incoming.get(id);
    this.#incoming.delete(id);
    if (stream !== undefined) end(stream);
  }

  #finishOutgoing(id: number, head: Readonly<Record<string, unknown>>, value?: unknown): void {
    this.#outgoing.delete(id);
    this.#send(head, value);
  }

  #send(head: Readonly<Record<string, unknown>>, value?: unknown, bytes?: Uint8Array): void {
    if (this.#closed === undefined) this.#options.write(encodeFrame(head, value, bytes));
  }

  #newId(): number {
    this.#last += 1;
    return this.#last;
  }
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

function numberOf(value: unknown): number {
  if (!isId(value)) throw new BrokenProtocol('a message without its number');
  return value;
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new BrokenProtocol('a call without its arguments');
  return value;
}

/** Whatever it is, it is handed on as it is: a signal's reason can be any value. */
function asError(reason: unknown): Error {
  return reason as Error;
}
