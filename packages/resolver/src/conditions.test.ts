import { readdirSync, readFileSync } from 'node:fs';

import type { PlannedJob, RunState } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { type ConditionCase, type DecideReady, driveRun, type RunEnd } from './drive-run.fixture.js';
import { readyJobs } from './ready-jobs.js';

const folder = new URL('../../../tooling/fixtures/conditions/', import.meta.url);
const tables = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name, JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as ConditionCase[]] as const);
const rows = tables.flatMap(([, table]) => table);

/** What a row says has to be, and the same part of what came out. */
function compared(row: ConditionCase, end: RunEnd): { expected: unknown; actual: unknown } {
  const pick = <T>(all: Readonly<Record<string, T>>, like: object): unknown => Object.fromEntries(Object.entries(all).filter(([key]) => key in like));
  const { run, ends, steps = {}, outputs = {} } = row;
  return {
    expected: { run, ends, steps, outputs },
    actual: { run: end.run, ends: end.ends, steps: pick(end.steps, steps), outputs: pick(end.outputs, outputs) },
  };
}

function isRefuted(row: ConditionCase, decide?: DecideReady): boolean {
  try {
    const { expected, actual } = compared(row, driveRun(row, decide));
    expect(actual).toEqual(expected);
    return false;
  } catch {
    return true;
  }
}

describe.each(tables)('the table %s', (_, table) => {
  it.each(table)('$case', (row) => {
    const { expected, actual } = compared(row, driveRun(row));
    expect(actual).toEqual(expected);
  });
});

describe('the tables of conditions', () => {
  it('have at least 80 rows, each with an end for every job and a name of its own', () => {
    expect(rows.length).toBeGreaterThanOrEqual(80);
    expect(new Set(rows.map((row) => row.case)).size).toBe(rows.length);
    for (const row of rows) expect(Object.keys(row.ends), row.case).toEqual(Object.keys(row.jobs));
  });

  it('are refuted in every row by another end of a job, of a step, or of the run', () => {
    for (const row of rows) {
      const [job = ''] = Object.keys(row.ends);
      const otherEnd = row.ends[job] === 'success' ? 'failed' : 'success';
      expect(isRefuted({ ...row, ends: { ...row.ends, [job]: otherEnd } }), row.case).toBe(true);
      expect(isRefuted({ ...row, run: row.run === 'success' ? 'failed' : 'success' }), row.case).toBe(true);
      const [steps] = Object.entries(row.steps ?? {});
      if (steps !== undefined) expect(isRefuted({ ...row, steps: { ...row.steps, [steps[0]]: steps[1].toReversed().concat('success') } }), row.case).toBe(true);
    }
  });

  it.each<[string, DecideReady]>([
    ['only direct needs count', changingJobs((job) => (job.if === null && job.needs.length > 0 ? { ...job, if: `success(${job.needs.map((need) => `'${need}'`).join(', ')})` } : job))],
    ['a condition replaces the needs', changingJobs((job) => (job.if === null ? job : { ...job, if: `always() && (${job.if.replace(/^\$\{\{(.*)\}\}$/, '$1')})` }))],
    ['continue-on-error means nothing', changingJobs((job) => ({ ...job, continueOnError: false }))],
    ['every failure is tolerated', changingJobs((job) => ({ ...job, continueOnError: true }))],
    ['a skip is a success', changingStatus('skipped', 'success')],
    ['a skip is a failure', changingStatus('skipped', 'failed')],
    ['a cancelled need is a failure', changingStatus('cancelled', 'failed')],
    ['a cancellation is not seen', (state, options) => readyJobs(withoutCancel(state), options)],
  ])('are refuted by a rule in which %s', (_, decide) => {
    expect(rows.filter((row) => isRefuted(row, decide)).length).toBeGreaterThan(0);
  });
});

function changingJobs(change: (job: PlannedJob) => PlannedJob): DecideReady {
  return (state, options) => readyJobs({ ...state, plan: { ...state.plan, jobs: state.plan.jobs.map(change) } }, options);
}

function changingStatus(from: 'skipped' | 'cancelled', to: 'success' | 'failed'): DecideReady {
  return (state, options) => {
    const jobs = new Map([...state.jobs].map(([key, job]) => [key, job.status === from ? { ...job, status: to } : job]));
    return readyJobs({ ...state, jobs }, options);
  };
}

function withoutCancel({ cancel: _, ...state }: RunState): RunState {
  return state;
}
