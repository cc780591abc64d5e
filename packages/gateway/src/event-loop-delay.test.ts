import { monitorEventLoopDelay } from 'node:perf_hooks';

import { fakeClock } from '@kb-labs/testkit';
import { Registry } from 'prom-client';
import { expect, it, onTestFinished, vi } from 'vitest';

import { EventLoopDelay } from './event-loop-delay.js';

it('is measured from the first scrape on, and until nobody has asked for five minutes', async () => {
  const clock = fakeClock();
  const registry = new Registry();
  const delays = monitorEventLoopDelay({ resolution: 1 });
  onTestFinished(() => void delays.disable());
  const [enable, disable] = [vi.spyOn(delays, 'enable'), vi.spyOn(delays, 'disable')];
  const delay = new EventLoopDelay(registry, clock, () => delays);
  const scrape = async (): Promise<string[]> => {
    delay.collect();
    return (await registry.metrics()).split('\n').filter((line) => /^\w+ \d/.test(line));
  };
  expect(enable).not.toHaveBeenCalled();

  expect(await scrape()).toEqual([]);
  expect(enable).toHaveBeenCalledTimes(1);
  await vi.waitFor(() => expect(delays.count).toBeGreaterThan(3));
  expect((await scrape()).map((line) => line.split(' ')[0])).toEqual(['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map((part) => `nodejs_eventloop_lag_${part}_seconds`));

  await clock.advance(299_999);
  expect(disable).not.toHaveBeenCalled();
  await scrape();
  await clock.advance(300_000);
  expect(disable).toHaveBeenCalledTimes(1);
  expect(await scrape()).toEqual([]);
  expect(enable).toHaveBeenCalledTimes(2);
});
