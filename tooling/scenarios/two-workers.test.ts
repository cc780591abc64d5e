import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Diagnostic, RunId } from '@kb-labs/contracts';
import { openRedisStore } from '@kb-labs/store-redis';
import { startRedisServer } from '@kb-labs/testkit';
import { afterEach, describe, expect, it } from 'vitest';

import { compare, type Event } from '../../examples/two-workers/compare.mjs';
import { sized } from './fault-size.js';
import { Hosts, readLedgersOf } from './host.fixture.js';
import { disagreements } from './ledgers.js';
import { Project, repository } from './project.fixture.js';

const RUNS = sized(24, 1_000);

const hosts = new Hosts();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  hosts.clear();
});

describe('the example with two workers', () => {
  it('has a valid workflow', async () => {
    const project = new Project();
    closing.push(() => project.remove());
    project.copy('examples/two-workers/.kb/workflows', '.kb/workflows');
    expect((await project.json<{ diagnostics: Diagnostic[] }>('workflow:validate')).diagnostics).toEqual([]);
  });

  it(`loses none of ${RUNS} runs when a worker is killed, and the journals agree`, async () => {
    const server = await startRedisServer({ appendfsync: 'always', 'maxmemory-policy': 'noeviction' });
    closing.push(() => server.stop());
    const { stdout } = await promisify(execFile)(process.execPath, ['examples/two-workers/run.mjs', `--runs=${RUNS}`, `--redis=${server.url}`], { cwd: repository });
    expect(stdout).toMatch(new RegExp(`^accepted +${RUNS} runs\nended +${RUNS} success\nlost +0\ndoubled +0\ntaken over +[1-9]`, 'm'));

    const store = await openRedisStore({ connection: { url: server.url } });
    closing.push(() => store.close());
    const runs = (await store.catalog.listRuns({ limit: 2 * RUNS })).map(({ id }) => id as RunId);
    expect(runs).toHaveLength(RUNS);
    const dir = hosts.newDir();
    // What the steps wrote down was compared by the example itself.
    const started = (await Promise.all(runs.map((run) => store.log.read(run, 0)))).flatMap((events, index) =>
      events.flatMap((event) => (event.type === 'step.started' ? [`${runs[index] ?? ''} ${event.job} ${event.step}`] : [])),
    );
    writeFileSync(join(dir, 'ledger.txt'), started.join('\n'));
    expect(disagreements(await readLedgersOf(store, dir, runs))).toEqual([]);
  }, sized(180_000, 600_000));
});

describe('its comparison', () => {
  const journal = (...extra: Event[]): Event[] => {
    const ofStep = (step: string): Event[] => [
      { seq: 0, type: 'step.started', job: 'j', attempt: 1, step, stepAttempt: 1 },
      { seq: 0, type: 'step.finished', job: 'j', attempt: 1, step, stepAttempt: 1, status: 'success' },
    ];
    const events = [{ seq: 0, type: 'run.started' }, ...ofStep('a'), ...ofStep('b'), ...extra, { seq: 0, type: 'run.finished', status: 'success' }];
    return events.map((event, index) => ({ ...event, seq: index + 1 }));
  };
  const both = (second = journal()): Map<string, Event[]> => new Map([['r1', journal()], ['r2', second]]);
  const lines = (run: string): string[] => ['a', 'b'].flatMap((step) => [`begin ${run} j ${step} worker-1`, `end ${run} j ${step} worker-1`]);
  const clean = { accepted: ['r1', 'r2'], journals: both(), ledger: [...lines('r1'), ...lines('r2')] };
  const nothing = { lost: [], doubled: [], takenOver: [], byStatus: [] };
  const begunAgain = 'begin r2 j a worker-2';
  const again: Event = { seq: 0, type: 'step.started', job: 'j', attempt: 1, step: 'a', stepAttempt: 2 };
  const cut: Event = { seq: 0, type: 'step.finished', job: 'j', attempt: 1, step: 'a', stepAttempt: 2, status: 'interrupted' };

  it('finds nothing where nothing is wrong', () => {
    expect(compare(clean)).toEqual({ ...nothing, byStatus: ['2 success'] });
  });

  it.each([
    ['a run that is gone', { journals: new Map([['r1', journal()]]) }, 'lost', 'r2 was accepted and is gone'],
    ['a run in place of another', { accepted: ['r1', 'r2', 'r2'] }, 'lost', "1 times a run was accepted that was another one's"],
    ['a run without an end', { journals: both(journal().slice(0, -1)) }, 'lost', 'r2 has not ended'],
    ['a journal with a gap', { journals: both(journal().toSpliced(2, 1)) }, 'lost', 'r2 has a journal with a gap'],
    ['work that is recorded and was not done', { ledger: [...lines('r1'), ...lines('r2').slice(0, 3)] }, 'lost', 'r2 j b is recorded as a success and was not done'],
    ['a run too many', { accepted: ['r1'] }, 'doubled', 'r2 is a run that nobody was told of'],
    ['a second end', { journals: both(journal({ seq: 0, type: 'run.finished', status: 'failed' })) }, 'doubled', 'r2 ended 2 times'],
    ['a second outcome', { journals: both(journal({ ...cut, stepAttempt: 1, status: 'failed' })) }, 'doubled', 'r2 j a has 2 outcomes of try 1'],
    ['work that was done again and is not recorded', { ledger: [...clean.ledger, begunAgain] }, 'doubled', 'r2 j a began 2 times, and its journal says 1'],
    ['work that was taken over', { journals: both(journal(again, cut)), ledger: [...clean.ledger, begunAgain] }, 'takenOver', 'r2 j a'],
  ] as const)('tells %s', (_, wrong, kind, sentence) => {
    expect({ ...compare({ ...clean, ...wrong }), byStatus: [] }).toEqual({ ...nothing, [kind]: [sentence] });
  });
});
