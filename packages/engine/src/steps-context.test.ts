import { afterEach, expect, it } from 'vitest';

import { type Harness, openHarness, success } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';
import { oneJob } from './one-job.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

it('gives each step what all before it have left, whatever their names are', async () => {
  const names = ['first', '__proto__', 'constructor', 'skipped', 'last'];
  const steps = names.map((name, index) => `{ id: ${name}, uses: t/do:it, ${name === 'skipped' ? 'if: false, ' : ''}with: { n: ${String(index)}, seen: "\${{ toJSON(steps) }}" } }`).join('\n');
  const harness = await openHarness({ clock: manualClock(), workflows: oneJob(steps) });
  open.push(harness);
  harness.handlers.set('do:it', ({ input }) => success({ n: Number(input['n']) }));
  await harness.worker();
  const view = await harness.end(await harness.start('w'));
  expect(view.status).toBe('success');
  const found = harness.calls.map(({ input }) => Object.entries(JSON.parse(String(input['seen'])) as Record<string, { outputs: { n?: number }; outcome: string }>));
  expect(found.map((entries) => entries.map(([name, { outcome, outputs }]) => `${name} ${outcome} ${String(outputs.n)}`))).toEqual([
    [],
    ['first success 0'],
    ['first success 0', '__proto__ success 1'],
    ['first success 0', '__proto__ success 1', 'constructor success 2', 'skipped skipped undefined'],
  ]);
});
