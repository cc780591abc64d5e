import { afterEach, describe, expect, it } from 'vitest';

import { type Harness, openHarness, success } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';
import { endInTime, oneJob, settle, waiting } from './one-job.fixture.js';
import { readRun } from './read-run.js';
import { stepIn } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

async function sleeper(written: string) {
  const clock = manualClock();
  const harness = await openHarness({ clock, workflows: oneJob(`{ id: nap, uses: "builtin:sleep", with: { ${written} } }\n{ id: after, uses: t/do:it }`) });
  open.push(harness);
  return { clock, harness };
}

describe('a sleep', () => {
  it('holds nothing while it waits, and goes on when its time has come, not before', async () => {
    const { clock, harness } = await sleeper('for: 2h');
    const worker = await harness.worker();
    const began = clock.now();
    const runId = await harness.start('w');
    expect((await waiting(harness, runId, 'nap')).waitsFor).toEqual({ kind: 'timer', dueAt: new Date(began + 7_200_000).toISOString() });
    expect([worker.held, (await readRun(harness.deps, runId)).status]).toEqual([0, 'waiting']);
    expect(await harness.deps.queue.ticketsOf(runId)).toMatchObject([{ job: 'j', turn: 1, notBefore: began + 7_200_000 }]);
    expect((await harness.deps.queue.ticketsOf(runId))[0]).not.toHaveProperty('lease');

    clock.advance(7_199_000);
    await settle();
    expect(harness.calls).toEqual([]);
    const view = await endInTime(harness, clock, runId);
    expect(view.status).toBe('success');
    expect(stepIn(view, 'j', 'nap').outputs).toEqual({ until: new Date(began + 7_200_000).toISOString() });
    expect(harness.calls.map((call) => call.step)).toEqual(['after']);
  });

  it('until an instant that has passed is over at once', async () => {
    const { clock, harness } = await sleeper('until: "2025-12-31T00:00:00Z"');
    await harness.worker();
    const runId = await harness.start('w');
    const view = await harness.end(runId);
    expect([view.status, view.durationMs, clock.now()]).toEqual(['success', 0, Date.UTC(2026, 0, 1)]);
    expect(stepIn(view, 'j', 'nap').outputs).toEqual({ until: '2025-12-31T00:00:00.000Z' });
  });

  it('wakes up late when the clock jumps over its end', async () => {
    const { clock, harness } = await sleeper('until: "2026-03-01T00:00:00Z"');
    await harness.worker();
    const runId = await harness.start('w');
    await waiting(harness, runId, 'nap');
    clock.advance(300 * 86_400_000);
    expect((await harness.end(runId)).status).toBe('success');
  });

  it('outlives its process: another engine on the same files wakes it', async () => {
    const { clock, harness } = await sleeper('for: 10m');
    const worker = await harness.worker();
    const runId = await harness.start('w');
    await waiting(harness, runId, 'nap');
    await worker.stop();
    const other = await harness.another();
    open.push(other);
    clock.advance(600_000);
    expect((await readRun(other.deps, runId)).reason).toMatchObject({ rule: 'no-worker' });
    other.handlers.set('do:it', () => success({ by: 'other' }));
    await other.worker();
    const view = await other.end(runId);
    expect([view.status, stepIn(view, 'j', 'after').outputs]).toEqual(['success', { by: 'other' }]);
    expect(harness.calls).toEqual([]);
  });

  it('goes on sleeping when it is woken too early, by a clock that was set back', async () => {
    const { clock, harness } = await sleeper('for: 10m');
    await harness.worker();
    const runId = await harness.start('w');
    await waiting(harness, runId, 'nap');
    const [ticket] = await harness.deps.queue.ticketsOf(runId);
    if (ticket === undefined) throw new Error('no ticket');
    // The ticket comes out ten minutes before the wait is over.
    await harness.deps.log.append({ runId, at: clock.now(), events: [], settle: [ticket.id], enqueue: [{ runId, job: 'j', attempt: 1, turn: 1, notBefore: clock.now() }] });
    while ((await harness.deps.queue.ticketsOf(runId))[0]?.turn !== 2) await settle();
    expect(stepIn(await readRun(harness.deps, runId), 'j', 'nap').waitsFor?.kind).toBe('timer');
    expect(harness.calls).toEqual([]);
    const view = await endInTime(harness, clock, runId);
    expect([view.status, view.durationMs]).toEqual(['success', 600_000]);
  });

  it.each([
    'for: "${{ inputs.never }}"',
    'for: "${{ inputs.long }}"',
    'for: "${{ inputs.before }}"',
    'until: "${{ inputs.soon }}"',
    'until: "${{ inputs.far }}"',
  ])('with a value that is no time fails: %s', async (written) => {
    const clock = manualClock();
    const inputs = 'inputs: { never: { type: string, default: "never" }, long: { type: string, default: "999d" }, before: { type: number, default: -5 }, soon: { type: string, default: "2026-02-01 10:00" }, far: { type: string, default: "9999-01-01T00:00:00Z" } }';
    const harness = await openHarness({ clock, workflows: oneJob(`{ id: nap, uses: "builtin:sleep", with: { ${written} } }`, inputs) });
    open.push(harness);
    await harness.worker();
    const view = await harness.end(await harness.start('w'));
    expect(stepIn(view, 'j', 'nap').error?.code).toBe('WITH_INVALID');
  });
});
