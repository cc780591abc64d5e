import { toTicketId, type RunEventBody, type RunId } from '@kb-labs/contracts';
import type { Metrics } from '@kb-labs/gateway';
import type { AppendResult, Begin, EventLog, Lease } from '@kb-labs/ports';
import { aCreate, aRunFinished, aRunStarted, aSummary, aTicket, countingIds } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import { measureLog } from './measure-log.js';

const ids = countingIds();

/** A log that answers what a test says, what was counted, and what is to be begun with the runs that were created. */
function measured(answers: { result?: AppendResult; journal?: readonly (RunEventBody & { at: number })[] } = {}): { log: EventLog; counted: unknown[][]; begins: Begin[] } {
  const counted: unknown[][] = [];
  const begins: Begin[] = [];
  const metrics: Metrics = {
    runStarted: () => void counted.push(['started']),
    runFinished: (status) => void counted.push(['finished', status]),
    jobFinished: (status, ms) => void counted.push(['job', status, ms]),
    render: () => Promise.resolve({ contentType: '', text: '' }),
  };
  const inner: EventLog = {
    append: () => Promise.resolve(answers.result ?? { ok: true, seq: 1 }),
    create: ({ runId }, begin) => {
      if (begin !== undefined) begins.push(begin);
      return Promise.resolve({ ok: true, runId, repeated: false });
    },
    read: () => Promise.resolve((answers.journal ?? []).map((event, index) => ({ ...event, seq: index + 1 }))),
    watch: () => () => undefined,
  };
  return { log: measureLog(inner, metrics), counted, begins };
}

const started = (job: string, turn = 0): RunEventBody => ({ type: 'job.started', job, attempt: 1, turn, worker: ids.workerId(), token: 1 });
const ended = (job: string): RunEventBody => ({ type: 'job.finished', job, attempt: 1, status: 'success', outputs: {} });
const begins = (runId: RunId, at: number) => ({ runId, at, expected: 1, summary: aSummary(runId, { status: 'running', startedAt: 10 }) });
const ticketOf = (runId: RunId) => toTicketId(aTicket(runId, { job: 'a' }));
const settled = (): Promise<void> => new Promise(setImmediate);

describe('the log of a daemon', () => {
  it('counts a run when its first job begins and when it ends, once', async () => {
    const { log, counted } = measured();
    const runId = ids.runId();
    await log.append({ ...begins(runId, 10), events: [started('a')] });
    await log.append({ ...begins(runId, 10), events: [started('b')] });
    await log.append({ ...begins(runId, 20), events: [started('c')] });
    await log.append({ ...begins(runId, 30), events: [aRunFinished({ status: 'failed' })] });
    expect(counted).toEqual([['started'], ['finished', 'failed']]);
  });

  it('counts nothing that was refused', async () => {
    const { log, counted } = measured({ result: { ok: false, refused: 'conflict' } });
    const runId = ids.runId();
    await log.append({ ...begins(runId, 10), events: [started('a'), aRunFinished()] });
    expect(counted).toEqual([]);
  });

  it('takes the time of a job from its first start, whatever hand-outs came after it', async () => {
    const { log, counted } = measured();
    const runId = ids.runId();
    await log.append({ ...begins(runId, 10), events: [started('a')] });
    await log.append({ ...begins(runId, 500), events: [started('a', 1)] });
    await log.append({ ...begins(runId, 810), events: [ended('a')] });
    await settled();
    expect(counted).toContainEqual(['job', 'success', 800]);
  });

  it('looks the start of a job up that another process has begun; one that never began took no time', async () => {
    const runId = ids.runId();
    const { log, counted } = measured({ journal: [{ ...aRunStarted(), at: 1 }, { ...started('a'), at: 100 }] });
    await log.append({ ...begins(runId, 400), events: [ended('a'), ended('never')] });
    await settled();
    expect(counted).toEqual([['job', 'success', 300]]);
  });

  it('has a run begun in the write that creates it, and counts it when it was', async () => {
    const { log, counted, begins: handed } = measured();
    const heard: Lease[] = [];
    const [runId, later] = [ids.runId(), ids.runId()];
    for (const id of [runId, later]) {
      const append = { ...begins(id, 10), events: [started('a')] };
      await log.create(aCreate(id), { ticket: ticketOf(id), worker: ids.workerId(), append, begun: (lease) => void heard.push(lease) });
    }
    expect(counted).toEqual([]);
    const lease: Lease = { ...aTicket(runId, { job: 'a' }), id: ticketOf(runId), token: 1, worker: ids.workerId(), until: 1_000 };
    handed.find(({ ticket }) => ticket === lease.id)?.begun(lease);
    expect([heard, counted]).toEqual([[lease], [['started']]]);
    await log.append({ ...begins(runId, 60), events: [ended('a')] });
    expect(counted).toContainEqual(['job', 'success', 50]);
  });

  it('counts a run that ends as it is opened', async () => {
    const { log, counted } = measured();
    await log.create(aCreate(ids.runId(), { events: [aRunStarted(), aRunFinished({ status: 'skipped' })] }));
    expect(counted).toEqual([['finished', 'skipped']]);
  });
});
