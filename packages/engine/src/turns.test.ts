import { expect, it } from 'vitest';

import { Turns } from './turns.js';

it('takes on together what comes up at the same time, and what came up during a turn with the next one, each key by itself', async () => {
  const taken: string[] = [];
  let finish = (): void => undefined;
  const turns = new Turns<string, number>((key, items) => {
    taken.push(`${key} ${items.join()}`);
    return key === 'a' ? new Promise((resolve) => (finish = resolve)) : Promise.resolve();
  });
  turns.add('a', 1);
  turns.add('a', 2);
  turns.add('b', 9);
  await new Promise(setImmediate);
  turns.add('a', 3);
  turns.add('a', 4);
  await new Promise(setImmediate);
  expect(taken).toEqual(['a 1,2', 'b 9']);
  expect([turns.isUnderWay('a'), turns.isUnderWay('b')]).toEqual([true, false]);
  finish();
  await new Promise(setImmediate);
  expect(taken).toEqual(['a 1,2', 'b 9', 'a 3,4']);
  finish();
  await new Promise(setImmediate);
  expect(turns.isUnderWay('a')).toBe(false);
});
