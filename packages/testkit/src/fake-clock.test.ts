import { expect, it } from 'vitest';

import { fakeClock } from './fake-clock.js';

it('stands still until it is moved, and calls timers in order, each at its own instant', async () => {
  const clock = fakeClock(100);
  const called: [string, number][] = [];
  const note = (name: string) => (): void => void called.push([name, clock.now()]);
  clock.after(30, note('late'));
  clock.after(10, note('early'));
  clock.after(10, note('early too'));
  clock.after(20, note('stopped'))();
  expect(clock.timers).toBe(3);
  await clock.advance(9);
  expect(called).toEqual([]);
  await clock.advance(91);
  expect(called).toEqual([['early', 110], ['early too', 110], ['late', 130]]);
  expect([clock.now(), clock.timers]).toEqual([200, 0]);
});

it('lets what a timer started set further timers on the way', async () => {
  const clock = fakeClock(0);
  const seen: number[] = [];
  const tick = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise<void>((resolve) => void clock.after(10, resolve));
      seen.push(clock.now());
    }
  };
  const done = tick();
  await clock.advance(30);
  await done;
  expect(seen).toEqual([10, 20, 30]);
});
