import fc from 'fast-check';
import { expect, it } from 'vitest';

import { readEventStream, type SentEvent } from './read-event-stream.js';

async function read(chunks: readonly Uint8Array[]): Promise<SentEvent[]> {
  async function* body(): AsyncGenerator<Uint8Array> {
    yield* chunks;
  }
  const events: SentEvent[] = [];
  for await (const event of readEventStream(body())) events.push(event);
  return events;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it('reads fields, comments and all three line ends', async () => {
  const text = ': hello\n\nid: 1\ndata: {"a":1}\n\nevent: end\r\ndata:x\r\ndata\r\n\r\nid: 2\rdata: y\r\rignored: z\n\nid: 3\n\ndata: z\n\ndata: cut off';
  expect(await read([bytes(text)])).toEqual([
    { type: 'message', id: '1', data: '{"a":1}' },
    { type: 'end', id: '1', data: 'x\n' },
    { type: 'message', id: '2', data: 'y' },
    { type: 'message', id: '3', data: 'z' },
  ]);
});

it('does not depend on where the bytes are cut', async () => {
  const text = 'id: 1\ndata: grün 😀\n\nevent: end\r\ndata: {}\r\n\r\n: still here\n\nid: 2\ndata: a\ndata: b\n\n';
  const whole = await read([bytes(text)]);
  expect(whole).toHaveLength(3);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: bytes(text).length })), async (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), bytes(text).length];
      const chunks = places.slice(1).map((end, index) => bytes(text).slice(places[index], end));
      expect(await read(chunks)).toEqual(whole);
    }),
  );
});
