import { describe, expect, it } from 'vitest';

import { readHead } from './read-head.js';

/** An answer in pieces of these lengths, each of its own number; and whether anybody hung up. */
function answer(...lengths: number[]): { readonly response: Response; readonly hungUp: () => boolean } {
  let hungUp = false;
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const length = lengths[sent];
      sent += 1;
      if (length === undefined) controller.close();
      else controller.enqueue(new Uint8Array(length).fill(sent));
    },
    cancel: () => {
      hungUp = true;
    },
  });
  return { response: new Response(body), hungUp: () => hungUp };
}

describe('the first bytes of an answer', () => {
  it.each([
    ['all, when there are fewer', [3, 4], 10, [1, 1, 1, 2, 2, 2, 2], true],
    ['all, when there are as many', [3, 4], 7, [1, 1, 1, 2, 2, 2, 2], true],
    ['as many as asked for, when there is one more', [3, 4], 6, [1, 1, 1, 2, 2, 2], false],
    ['as many as asked for, out of one large piece', [100], 2, [1, 1], false],
    ['none, of an empty one', [], 2, [], true],
  ])('are %s', async (_name, lengths, most, bytes, whole) => {
    const { response } = answer(...lengths);
    expect(await readHead(response, most)).toEqual({ bytes: new Uint8Array(bytes), whole });
  });

  it('are none of an answer without a body', async () => {
    expect(await readHead(new Response(null), 5)).toEqual({ bytes: new Uint8Array(), whole: true });
  });

  it('are all that is asked for: the rest is hung up on', async () => {
    const { response, hungUp } = answer(...Array.from({ length: 1_000 }, () => 10));
    await readHead(response, 15);
    expect(hungUp()).toBe(true);
  });
});
