import { LIMITS } from '@kb-labs/contracts';
import { afterEach, expect, it } from 'vitest';

import type { EngineDeps } from './deps.js';
import { type Harness, manual, openHarness, replacing } from './harness.fixture.js';
import { planWorkflow } from './plan-workflow.js';
import { rerunRun } from './rerun-run.js';
import { readRunDocument } from './run-documents.js';
import { startRun } from './start-run.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

const TEXT = '# why it is here\nid: w\njobs: { j: { steps: [{ uses: t/do:it }] } }\n';
const CALLER = JSON.stringify({ id: 'caller', jobs: { j: { steps: [{ uses: 'workflow://w' }] } } });

/** Counts what is asked of the records of documents, and when runs are made. */
async function watched(workflows: Record<string, string> = { 'flows/w.yml': TEXT, 'caller.json': CALLER }): Promise<{ harness: Harness; done: string[] }> {
  const done: string[] = [];
  const harness = await openHarness({
    workflows,
    wrap: (deps: EngineDeps) => ({
      ...deps,
      log: replacing(deps.log, { create: (command) => (done.push('create'), deps.log.create(command)) }),
      records: replacing(deps.records, {
        get: (kind, key) => (kind === 'document' && done.push('look'), deps.records.get(kind, key)),
        write: (changes) => (changes.some(({ kind }) => kind === 'document') && done.push('keep'), deps.records.write(changes)),
      }),
    }),
  });
  open.push(harness);
  return { harness, done };
}

it('is the text that the run was started from, to the letter, whatever becomes of the file', async () => {
  const { harness } = await watched();
  const runId = await harness.start('w');
  const later = await harness.another({ 'flows/w.yml': TEXT.replace('do:it', 'do:other') });
  open.push(later);
  const other = await later.start('w');
  for (const { deps } of [harness, later]) {
    expect(await readRunDocument(deps, runId)).toEqual({ file: 'flows/w.yml', digest: expect.stringMatching(/^sha256:/) as string, format: 'yaml', text: TEXT });
    expect((await readRunDocument(deps, other)).text).toContain('do:other');
  }
});

it('is kept before the first run of a process, and asked for no more', async () => {
  const { harness, done } = await watched();
  for (let n = 0; n < 3; n += 1) await harness.start('w');
  expect(done).toEqual(['look', 'keep', 'create', 'create', 'create']);
});

it('is found kept by another process', async () => {
  const { harness, done } = await watched();
  const other = await harness.another();
  open.push(other);
  await other.start('w');
  await harness.start('w');
  await harness.start('w');
  expect(done).toEqual(['look', 'create', 'create']);
});

it('is not kept by a plan that nobody starts', async () => {
  const { harness, done } = await watched();
  await planWorkflow(harness.deps, { workflowId: 'w', input: {} });
  await expect(startRun(harness.deps, { workflowId: 'w', input: { no: 1 }, trigger: manual })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  expect(done).toEqual([]);
});

it('is there for called runs, and for runs that are run again by a process that never saw it', async () => {
  const { harness } = await watched();
  await harness.worker();
  const runId = await harness.start('caller');
  const view = await harness.end(runId);
  expect(view.status).toBe('success');
  const child = view.jobs[0]?.steps[0]?.childRunId ?? '';
  expect((await readRunDocument(harness.deps, child)).text).toBe(TEXT);
  expect(await readRunDocument(harness.deps, runId)).toMatchObject({ format: 'json', file: 'caller.json', text: CALLER });
  const other = await harness.another({});
  open.push(other);
  const { run } = await rerunRun(other.deps, { runId: child, mode: 'all', by: 'ada' });
  expect(await readRunDocument(other.deps, run.id)).toEqual(await readRunDocument(harness.deps, child));
});

it('can be as large as documents are', async () => {
  const filled = `${TEXT}#${'"'.repeat(LIMITS.documentBytes - TEXT.length - 1)}`;
  const { harness } = await watched({ 'w.yml': filled });
  expect((await readRunDocument(harness.deps, await harness.start('w'))).text).toBe(filled);
});

it('is said not to be there for runs that were started before it was kept', async () => {
  const { harness } = await watched();
  const runId = await harness.start('w');
  const { digest } = await readRunDocument(harness.deps, runId);
  await harness.deps.records.write([{ kind: 'document', key: digest, remove: true }]);
  await expect(readRunDocument(harness.deps, runId)).rejects.toMatchObject({ code: 'DOCUMENT_NOT_KEPT', status: 404 });
  for (const id of ['x', 'run_00000000000000000000000000']) await expect(readRunDocument(harness.deps, id)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
});
