import { setTimeout as delay } from 'node:timers/promises';

import { LIMITS } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { scanMessage } from '../../script/scan-json.js';
import { Channel, type ChannelOptions, type IncomingCall, type Message } from './channel.js';
import { BrokenProtocol, encodeFrame, FrameReader } from './frames.js';

const BOUNDS = { text: 1_000_000, bytes: 1_000_000, scan: scanMessage };

interface Side {
  readonly answer?: (call: IncomingCall) => Promise<Message>;
  readonly note?: ChannelOptions['note'];
}

/** Two channels, wired to each other through pieces of the given size. */
function pair(here: Side, there: Side, pieceBytes = 1_000): [Channel, Channel] {
  const open = ({ answer, note }: Side, other: () => Channel): Channel => {
    let sent = Promise.resolve();
    return new Channel({
      write: (parts) => {
        const bytes = Buffer.concat(parts);
        sent = sent.then(async () => {
          for (let at = 0; at < bytes.length; at += pieceBytes) await other().receive(Buffer.from(bytes.subarray(at, at + pieceBytes)));
        });
      },
      answer: answer ?? (() => Promise.resolve({})),
      note: note ?? (() => undefined),
      bounds: BOUNDS,
      maxCalls: 50,
      maxOpenBytes: 100_000,
    });
  };
  const first: Channel = open(here, () => second);
  const second: Channel = open(there, () => first);
  return [first, second];
}

describe('frames', () => {
  it('come out as they went in, however they are cut', () => {
    const frame = fc.record({ value: fc.option(fc.jsonValue(), { nil: undefined }), bytes: fc.uint8Array({ maxLength: 300 }) });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.integer({ min: 1, max: 40 }), (frames, pieceBytes) => {
        const bytes = Buffer.concat(frames.flatMap(({ value, bytes: more }, index) => encodeFrame({ t: 'x', index }, value, more)));
        const reader = new FrameReader({ text: 1e6, bytes: 1e6 });
        const read: unknown[] = [];
        for (let at = 0; at < bytes.length; at += pieceBytes) {
          reader.push(bytes.subarray(at, at + pieceBytes));
          for (let next = reader.next(); next !== undefined; next = reader.next()) read.push([next.head['index'], next.value, [...next.bytes]]);
        }
        expect(read).toEqual(frames.map(({ value, bytes: more }, index) => [index, value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown), [...more]]));
      }),
      { numRuns: 200 },
    );
  });

  it('are one part, and one more for bytes', () => {
    const [head, value] = [{ t: 'call', id: 1 }, [{ text: 'ä' }]];
    expect(encodeFrame(head, value)).toHaveLength(1);
    expect(encodeFrame(head, undefined)).toHaveLength(1);
    expect(encodeFrame(head, value, new Uint8Array(3))).toHaveLength(2);
  });

  it('never keep more than the bounds, nor fail in another way than by the protocol, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const reader = new FrameReader(BOUNDS);
        reader.push(noise);
        try {
          while (reader.next() !== undefined);
        } catch (error) {
          expect(error).toBeInstanceOf(BrokenProtocol);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('calls', () => {
  it('are answered with values and bytes, in any order, both ways', async () => {
    const [here, there] = pair(
      { answer: () => Promise.resolve({ value: 'from here' }) },
      {
        answer: async ({ method, args, bytes }) => {
          await delay(Number(args[0]));
          return { value: [method, ...args], bytes: bytes.map((byte) => byte + 1) };
        },
      },
    );
    const [slow, fast, back] = await Promise.all([here.call('slow', [20]), here.call('fast', [0], { bytes: new Uint8Array([1, 2]) }), there.call('x', [])]);
    expect([slow.value, fast.value, [...fast.bytes], back.value]).toEqual([['slow', 20], ['fast', 0], [2, 3], 'from here']);
  });

  it('fail with what the other side threw, its properties and its causes', async () => {
    const cause = Object.assign(new TypeError('inner'), { code: 'ECONNREFUSED', syscall: 'connect' });
    const thrown = Object.assign(new Error('outer', { cause }), { name: 'AppError', code: 'X', hint: 'h', details: { a: [1] }, kbRetry: 5 });
    const [here] = pair({}, { answer: () => Promise.reject(thrown) });
    const caught: unknown = await here.call('x', []).catch((error: unknown) => error);
    expect(caught).toBeInstanceOf(Error);
    expect(caught).toMatchObject({ name: 'AppError', message: 'outer', code: 'X', hint: 'h', details: { a: [1] }, kbRetry: 5 });
    expect((caught as Error).cause).toBeInstanceOf(TypeError);
    expect((caught as Error).cause).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect' });
  });

  it('can be given up, and the other side hears of it', async () => {
    const heard = Promise.withResolvers<unknown>();
    const [here] = pair({}, { answer: ({ signal }) => new Promise(() => signal.addEventListener('abort', () => heard.resolve(true))) });
    const controller = new AbortController();
    const call = here.call('x', [], { signal: controller.signal });
    controller.abort(new Error('no longer'));
    await expect(call).rejects.toThrow('no longer');
    expect(await heard.promise).toBe(true);
  });

  it('fail when the channel is closed', async () => {
    const [here] = pair({}, { answer: () => new Promise(() => undefined) });
    const call = here.call('x', []);
    here.close(new Error('gone'));
    await expect(call).rejects.toThrow('gone');
    await expect(here.call('y', [])).rejects.toThrow('gone');
  });
});

describe('streams', () => {
  it('arrive whole, and only as fast as they are read', async () => {
    let given = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      for (; given < 100; given += 1) yield await Promise.resolve(new Uint8Array(1_000).fill(given));
    }
    const [here, there] = pair({}, {}, 5_000);
    const stream = there.accept(here.offer(source()));
    await delay(20);
    expect(given).toBeLessThan(5);
    let bytes = 0;
    for await (const chunk of stream) bytes += chunk.length;
    expect([bytes, given]).toEqual([100_000, 100]);
  });

  it('end at their source when nobody reads on, and at their reader when the source fails', async () => {
    const returned = Promise.withResolvers<boolean>();
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield await Promise.resolve(new Uint8Array(10));
      } finally {
        returned.resolve(true);
      }
    }
    async function* failing(): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      throw Object.assign(new Error('broke'), { code: 'BROKE' });
    }
    const [here, there] = pair({}, {});
    const reader = there.accept(here.offer(endless())).getReader();
    await reader.read();
    await reader.cancel();
    expect(await returned.promise).toBe(true);
    await expect(there.accept(here.offer(failing())).getReader().read()).rejects.toMatchObject({ message: 'broke', code: 'BROKE' });
  });
});

describe('whoever does not keep to the protocol', () => {
  const lengths = (text: number, bytes: number): Buffer => {
    const buffer = Buffer.alloc(8);
    for (const [index, length] of [text, bytes].entries()) buffer.writeUInt32BE(length, 4 * index);
    return buffer;
  };
  const frame = (head: Readonly<Record<string, unknown>>, value?: unknown, bytes?: Uint8Array): Buffer => Buffer.concat(encodeFrame(head, value, bytes));
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const deep = nested(100_000);
  const many = `[${'1,'.repeat(540_000)}1]`;
  const raw = (text: string): Buffer => Buffer.concat([lengths(text.length, 0), Buffer.from(text)]);

  it.each<[string, Buffer]>([
    ['a text without an end', lengths(4_294_967_295, 0)],
    ['a text that is too large', lengths(1_000_001, 0)],
    ['bytes that are too many', lengths(2, 1_000_001)],
    ['no text', lengths(0, 0)],
    ['no JSON', raw('[{nor')],
    ['no list', raw('{"0":{"t":"ok","id":1}}')],
    ['no head', raw('[]')],
    ['a head that is a list', raw('[[]]')],
    ['a head that is null', raw('[null]')],
    ['an unknown kind', frame({ t: 'boo' })],
    ['a call without a number', frame({ t: 'call', m: 'x' }, [])],
    ['a call with a number that is none', frame({ t: 'call', id: 1.5, m: 'x' }, [])],
    ['a call without arguments', frame({ t: 'call', id: 1, m: 'x' })],
    ['two calls of one number', Buffer.concat([frame({ t: 'call', id: 1, m: 'x' }, []), frame({ t: 'call', id: 1, m: 'x' }, [])])],
    ['too many calls', Buffer.concat(Array.from({ length: 51 }, (_, index) => frame({ t: 'call', id: index + 1, m: 'x' }, [])))],
    ['an answer without a number', frame({ t: 'ok', id: 'one' })],
    ['a note without arguments', frame({ t: 'note', m: 'log' }, 'text')],
    ['a value of any depth', raw(`[{"t":"note","m":"x"},${deep}]`)],
    ['a value that is a little too deep', raw(`[{"t":"note","m":"x"},${nested(LIMITS.valueDepth + 8)}]`)],
    ['a value of any number of values', raw(`[{"t":"note","m":"x"},${many}]`)],
  ])('is told so: %s', (_name, bytes) => {
    const [here] = pair({ answer: () => new Promise(() => undefined) }, {});
    expect(() => here.receive(bytes)).toThrow(BrokenProtocol);
  });

  it('is whoever nests deeper than a value with its arguments around it, not who just does not', () => {
    const [here] = pair({}, {});
    expect(here.receive(raw(`[{"t":"note","m":"x"},${nested(LIMITS.valueDepth + 7)}]`))).toBe(undefined);
  });

  it('is told so for a chunk that nobody asked for', async () => {
    const [here] = pair({}, {});
    here.accept(7);
    await delay(1);
    // One is asked for at once, as the first of the stream.
    await here.receive(frame({ t: 'chunk', s: 7 }, undefined, new Uint8Array(10)));
    expect(() => {
      for (let chunk = 0; chunk < 3; chunk += 1) void here.receive(frame({ t: 'chunk', s: 7 }, undefined, new Uint8Array(10)));
    }).toThrow(BrokenProtocol);
  });

  it('is not read any further while it has too many bytes in open calls', async () => {
    const go = Promise.withResolvers<Message>();
    const [here] = pair({ answer: () => go.promise }, {});
    const received = here.receive(frame({ t: 'call', id: 1, m: 'x' }, [], new Uint8Array(100_001)));
    expect(received).toBeInstanceOf(Promise);
    go.resolve({});
    await received;
  });

  it.each<[string, Buffer]>([
    ['an answer to nothing', frame({ t: 'ok', id: 99 })],
    ['an error of nothing', frame({ t: 'no', id: 99 }, 'what')],
    ['a chunk of no stream', frame({ t: 'chunk', s: 99 }, undefined, new Uint8Array(5))],
    ['the end of no stream', frame({ t: 'end', s: 99 })],
    ['more of no stream', frame({ t: 'more', s: 99 })],
    ['the stop of no stream', frame({ t: 'stop', s: 99 })],
    ['giving up no call', frame({ t: 'cancel', id: 99 })],
  ])('may be late: %s changes nothing', async (_name, bytes) => {
    const [here, there] = pair({ answer: () => Promise.resolve({ value: 1 }) }, {});
    await here.receive(bytes);
    expect((await there.call('x', [])).value).toBe(1);
  });
});
