import type { RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { afterEach, describe, expect, it } from 'vitest';

import type { EngineDeps } from './deps.js';
import { cancelRun } from './cancel-run.js';
import { type Harness, openHarness, replacing } from './harness.fixture.js';
import { listSchedules } from './list-schedules.js';
import { manualClock } from './manual-clock.fixture.js';
import { pauseSchedule, resumeSchedule } from './pause-schedule.js';
import { SCHEDULE_KIND } from './schedule-record.js';
import { serveSchedules } from './serve-schedules.js';
import { triggerSchedule } from './trigger-schedule.js';

const NOON = Date.parse('2026-11-20T12:00:00Z');

const at = (iso: string): number => Date.parse(`2026-11-20T${iso}:00Z`);
const document = (entry: string, more = ''): string => `
id: job
on:
  schedule:
    - ${entry}
${more}
jobs:
  a:
    steps:
      - uses: "@x/y/do:it"
`;

let harness: Harness;
let others: Harness[] = [];
let clock: ReturnType<typeof manualClock>;
afterEach(async () => {
  await Promise.all(others.map((one) => one.close()));
  others = [];
  await harness.close();
});

function set(now: number): void {
  clock.advance(now - clock.now());
}

async function open(entry: string, more?: string): Promise<EngineDeps> {
  clock = manualClock();
  set(NOON + 30_000);
  harness = await openHarness({ workflows: { 'job.yml': document(entry, more) }, clock });
  return harness.deps;
}

/** The times that runs were started for, oldest first. */
async function started(deps: EngineDeps): Promise<string[]> {
  const runs = await deps.catalog.listRuns({ limit: 200 });
  const times = await Promise.all(
    runs.map(async ({ id }) => {
      const [first] = await deps.log.read(id as RunId, 0);
      return first?.type === 'run.started' ? (first.trigger.schedule?.at ?? '') : '';
    }),
  );
  return times.map((time) => time.slice(11, 16)).toSorted();
}

async function endAll(deps: EngineDeps): Promise<void> {
  for (const runId of await deps.catalog.openRuns({ limit: 100 })) await cancelRun(deps, { runId, by: 'test' });
}

describe('a schedule', () => {
  it('starts with what comes after it was first seen, once for each time, and says when it comes next', async () => {
    const deps = await open('{ cron: "0 * * * *", overlap: allow }');
    expect(await serveSchedules(deps)).toEqual({ next: at('13:00'), awaited: [] });
    expect(await started(deps)).toEqual([]);
    set(at('13:00'));
    expect(await serveSchedules(deps)).toEqual({ next: at('14:00'), awaited: [] });
    await serveSchedules(deps);
    set(at('13:59'));
    await serveSchedules(deps);
    set(at('14:00') + 5);
    await serveSchedules(deps);
    expect(await started(deps)).toEqual(['13:00', '14:00']);
  });

  it('is read together with all others, and by itself when they cannot be listed', async () => {
    const deps = await open('{ cron: "0 * * * *", overlap: allow }');
    await serveSchedules(deps);
    let [gets, isDamaged] = [0, false];
    const records = replacing(deps.records, {
      get: (...given) => {
        gets += 1;
        return deps.records.get(...given);
      },
      list: (...given) => (isDamaged ? Promise.reject(new AppError('STATE_CORRUPT', { problem: 'another record' })) : deps.records.list(...given)),
    });
    expect(await serveSchedules({ ...deps, records })).toEqual({ next: at('13:00'), awaited: [] });
    expect(gets).toBe(0);
    isDamaged = true;
    set(at('13:00'));
    expect(await serveSchedules({ ...deps, records })).toEqual({ next: at('14:00'), awaited: [] });
    expect(await started(deps)).toEqual(['13:00']);
  });

  it('starts one run when several processes see the same time at once', async () => {
    const deps = await open('{ cron: "0 * * * *", overlap: allow }');
    others = await Promise.all([harness.another(), harness.another(), harness.another()]);
    const all = [deps, ...others.map((one) => one.deps)];
    await Promise.all(all.map((one) => serveSchedules(one)));
    for (let hour = 13; hour < 18; hour += 1) {
      set(at(`${String(hour)}:00`) + hour);
      await Promise.all(all.map((one) => serveSchedules(one)));
    }
    expect(await started(deps)).toEqual(['13:00', '14:00', '15:00', '16:00', '17:00']);
  });

  it('starts what was decided when the process died before it was started, and nothing twice', async () => {
    const deps = await open('{ cron: "0 * * * *", overlap: allow }');
    await serveSchedules(deps);
    for (const [hour, dying] of [['13:00', 'create'], ['14:00', 'write']] as const) {
      set(at(hour));
      let left = 2;
      const away = (): Promise<never> => Promise.reject(new AppError('STATE_UNAVAILABLE', { problem: 'killed' }));
      const failing: EngineDeps =
        dying === 'create'
          ? { ...deps, log: replacing(deps.log, { create: away }) }
          : { ...deps, records: replacing(deps.records, { write: (changes) => ((left -= 1) >= 0 ? deps.records.write(changes) : away()) }) };
      await serveSchedules(failing);
      await serveSchedules(deps);
    }
    expect(await started(deps)).toEqual(['13:00', '14:00']);
  });

  it('would start one twice if its run were not kept before it is started (the check sees it)', async () => {
    const deps = await open('{ cron: "0 * * * *", overlap: allow }');
    await serveSchedules(deps);
    set(at('13:00'));
    let left = 1;
    const forgetful = replacing(deps.records, {
      get: (kind, key) => (kind === 'start' ? Promise.resolve(undefined) : deps.records.get(kind, key)),
      write: (changes) => {
        if (changes[0]?.kind === 'start') return Promise.resolve(true);
        if (changes[0]?.kind !== SCHEDULE_KIND.name) return deps.records.write(changes);
        return (left -= 1) >= 0 || left < -1 ? deps.records.write(changes) : Promise.reject(new AppError('STATE_UNAVAILABLE', { problem: 'killed' }));
      },
    });
    await serveSchedules({ ...deps, records: forgetful });
    await serveSchedules({ ...deps, records: forgetful });
    expect(await started(deps)).toEqual(['13:00', '13:00']);
  });

  it.each([
    ['none', ['16:00']],
    ['last', ['16:00']],
    ['all', ['13:00', '14:00', '15:00', '16:00']],
  ])('that nobody looked at for hours makes up by catchup: %s', async (catchup, expected) => {
    const deps = await open(`{ cron: "0 * * * *", catchup: ${catchup}, overlap: allow }`);
    await serveSchedules(deps);
    set(at('16:00') + 10_000);
    await serveSchedules(deps);
    expect(await started(deps)).toEqual(expected);
    const [schedule] = await listSchedules(deps);
    expect(schedule?.lastSkip?.why).toBe(catchup === 'all' ? undefined : 'missed');
  });

  it('gives no time twice and leaves none out when the clock is put back and forward', async () => {
    const deps = await open('{ cron: "*/30 * * * *", overlap: allow, catchup: all }');
    await serveSchedules(deps);
    for (const now of ['12:30', '13:00', '12:00', '12:30', '12:31', '13:00', '13:30', '14:30', '13:45', '14:30', '15:00']) {
      set(at(now));
      await serveSchedules(deps);
    }
    expect(await started(deps)).toEqual(['12:30', '13:00', '13:30', '14:00', '14:30', '15:00']);
  });

  it('leaves out by overlap: skip what comes while its run goes on, and says so', async () => {
    const deps = await open('{ cron: "0 * * * *" }');
    await serveSchedules(deps);
    set(at('13:00'));
    await serveSchedules(deps);
    set(at('14:00'));
    await serveSchedules(deps);
    expect(await listSchedules(deps)).toMatchObject([{ lastRun: { at: '2026-11-20T13:00:00.000Z', status: 'queued' }, lastSkip: { from: '2026-11-20T14:00:00.000Z', why: 'running' } }]);
    await endAll(deps);
    set(at('15:00'));
    await serveSchedules(deps);
    expect(await started(deps)).toEqual(['13:00', '15:00']);
  });

  it('starts one after the other by overlap: queue, and says what it waits for', async () => {
    const deps = await open('{ cron: "0 * * * *", overlap: queue }');
    await serveSchedules(deps);
    for (const now of ['13:00', '14:00', '15:00']) {
      set(at(now));
      await serveSchedules(deps);
    }
    expect((await listSchedules(deps))[0]?.waiting).toEqual(['2026-11-20T14:00:00.000Z', '2026-11-20T15:00:00.000Z']);
    expect(await started(deps)).toEqual(['13:00']);
    for (const expected of [['13:00', '14:00'], ['13:00', '14:00', '15:00']]) {
      const [open] = await deps.catalog.openRuns({ limit: 2 });
      expect((await serveSchedules(deps)).awaited).toEqual([open]);
      await endAll(deps);
      await serveSchedules(deps);
      expect(await started(deps)).toEqual(expected);
    }
  });

  it('that is paused starts nothing, and makes up for what it missed when it goes on', async () => {
    const deps = await open('{ cron: "0 * * * *", overlap: allow }');
    await serveSchedules(deps);
    expect(await pauseSchedule(deps, { id: 'job', by: 'ada' })).toMatchObject({ status: 'paused', paused: { by: 'ada' } });
    set(at('15:20'));
    expect(await serveSchedules(deps)).toEqual({ next: undefined, awaited: [] });
    expect(await started(deps)).toEqual([]);
    const [{ id } = { id: '' }] = await listSchedules(deps);
    expect(await resumeSchedule(deps, { id, by: 'ada' })).toMatchObject({ status: 'active', paused: null });
    await serveSchedules(deps);
    expect(await started(deps)).toEqual(['15:00']);
  });

  it('is triggered by hand: a run of its own, in whose way nothing stands', async () => {
    const deps = await open('{ cron: "0 * * * *" }');
    await pauseSchedule(deps, { id: 'job', by: 'ada' });
    const run = await triggerSchedule(deps, { id: 'job', by: 'ada' });
    expect(run.trigger).toMatchObject({ type: 'schedule', actor: 'ada', schedule: { cron: '0 * * * *', timezone: 'UTC', at: '2026-11-20T12:00:30.000Z' } });
    expect(await listSchedules(deps)).toMatchObject([{ lastRun: { runId: run.id } }]);
    await resumeSchedule(deps, { id: 'job', by: 'ada' });
    set(at('13:00'));
    await serveSchedules(deps);
    expect((await listSchedules(deps))[0]?.lastSkip).toMatchObject({ why: 'running' });
  });

  it('says that its workflow could not be started, and why, and starts it again once it can', async () => {
    const deps = await open('{ cron: "0 * * * *", overlap: allow }');
    await serveSchedules(deps);
    const broken = await harness.another({ 'job.yml': document('{ cron: "0 * * * *", overlap: allow }').replace('@x/y', 'missing') });
    const unreadable = await harness.another({ 'job.yml': 'id: job\non: { schedule: [' });
    others = [broken, unreadable];
    set(at('13:00'));
    await serveSchedules(broken.deps);
    expect(await listSchedules(broken.deps)).toMatchObject([{ status: 'broken', problem: { at: '2026-11-20T13:00:00.000Z' } }]);
    set(at('14:00'));
    await serveSchedules(unreadable.deps);
    expect(await listSchedules(unreadable.deps)).toMatchObject([{ workflowId: 'job', status: 'broken', problem: { at: '2026-11-20T14:00:00.000Z' } }]);
    expect(await started(deps)).toEqual([]);
    set(at('15:00'));
    await serveSchedules(deps);
    expect(await started(deps)).toEqual(['15:00']);
    expect(await listSchedules(deps)).toMatchObject([{ status: 'active', problem: null }]);
  });

  it('starts anew when it was gone for a while', async () => {
    const deps = await open('{ cron: "0 * * * *", overlap: allow }');
    await serveSchedules(deps);
    others = [await harness.another({})];
    set(at('12:30'));
    await serveSchedules(others[0]?.deps ?? deps);
    set(at('15:30'));
    await serveSchedules(deps);
    expect(await started(deps)).toEqual([]);
    set(at('16:00'));
    await serveSchedules(deps);
    expect(await started(deps)).toEqual(['16:00']);
  });

  it('is not there for other tenants', async () => {
    const deps = await open('{ cron: "0 * * * *" }');
    expect(await listSchedules(deps, { tenant: 'acme' })).toEqual([]);
    await expect(pauseSchedule(deps, { id: 'job', by: 'x', tenant: 'acme' })).rejects.toMatchObject({ code: 'SCHEDULE_NOT_FOUND' });
    await expect(triggerSchedule(deps, { id: 'jbo', by: 'x' })).rejects.toMatchObject({ code: 'SCHEDULE_NOT_FOUND' });
    expect(await listSchedules(deps, { tenant: 'default' })).toMatchObject([{ id: expect.stringMatching(/^job:[0-9a-f]{12}$/) as string, next: { length: 10 } }]);
  });
});
