import { expect, it } from 'vitest';

import { Removals } from './removals.js';

it('keeps nobody waiting, until there is too much to remove', async () => {
  const removals = new Removals();
  const open = Array.from({ length: 65 }, () => Promise.withResolvers<undefined>());
  const remove = (n: number): Promise<void> => removals.add(open[n]?.promise ?? Promise.reject(new Error('there is none')));
  for (let n = 0; n < 64; n += 1) await remove(n);
  let waited = true;
  const last = remove(64).then(() => (waited = false));
  await new Promise((resolve) => setImmediate(resolve));
  expect(waited).toBe(true);
  open[7]?.resolve(undefined);
  await last;
  let closed = false;
  const closing = removals.close().then(() => (closed = true));
  for (const one of open.slice(0, 64)) one.resolve(undefined);
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toBe(false);
  open[64]?.resolve(undefined);
  await closing;
});
