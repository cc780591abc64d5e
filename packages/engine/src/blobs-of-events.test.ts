import type { RunId, RunView } from '@kb-labs/contracts';
import { afterEach, expect, it } from 'vitest';

import { blobsOfEvents } from './blobs-of-events.js';
import { failure, type Harness, openHarness, success } from './harness.fixture.js';
import { rerunRun } from './rerun-run.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

/** `do:store` stores a text under a name; `do:fail` stores one and fails while it is told to; `do:large` has an output that becomes an artifact. */
async function harnessOf(document: string): Promise<{ harness: Harness; failing: { now: boolean } }> {
  const harness = await openHarness({ workflows: { 'w.yml': `id: w\n${document}` } });
  const failing = { now: true };
  open.push(harness);
  harness.handlers.set('do:store', async (call) => {
    for (const [name, text] of Object.entries(call.input)) await call.saveArtifact({ name, type: 'text', content: Buffer.from(String(text)) });
    return success();
  });
  harness.handlers.set('do:fail', async (call) => {
    await call.saveArtifact({ name: 'why', type: 'text', content: Buffer.from('because') });
    return failing.now ? failure() : success();
  });
  harness.handlers.set('do:large', () => success({ large: 'x'.repeat(2_000_000) }));
  await harness.worker();
  return { harness, failing };
}

const DOCUMENT = `jobs:
  a: { artifacts: { produce: [all] }, steps: [{ id: s, uses: t/do:store, with: { all: one } }] }
  b:
    needs: a
    artifacts: { produce: [all], merge: { strategy: append, from: [{ job: a }] } }
    steps: [{ id: s, uses: t/do:store, with: { all: two } }, { id: large, uses: t/do:large }]
  c: { needs: b, steps: [{ id: f, uses: t/do:fail }] }`;

async function unused(harness: Harness): Promise<string[]> {
  return (await harness.store.retention.unusedBlobs({ before: Number.MAX_SAFE_INTEGER, limit: 100 })).sort();
}

function digestsOf(view: RunView): string[] {
  return [...new Set(view.artifacts.map((artifact) => artifact.digest))].sort();
}

it('keeps whatever the artifacts of a run name for as long as the run is kept: of steps, of failed tries, of outputs and of merges', async () => {
  const { harness } = await harnessOf(DOCUMENT);
  const runId = await harness.start('w');
  const view = await harness.end(runId);
  expect(view.artifacts.map((artifact) => artifact.name).sort()).toEqual(['all', 'all', 'all', 'outputs/large/large.txt', 'why']);
  expect((await harness.store.retention.usage('default')).artifacts).toBe(3 + 3 + 6 + 2_000_000 + 7);
  expect(await unused(harness)).toEqual([]);
  await harness.store.retention.remove(runId, 'run');
  expect(await unused(harness)).toEqual(digestsOf(view));
});

it('keeps what a rerun has kept of an earlier run when that one is removed', async () => {
  const { harness, failing } = await harnessOf(DOCUMENT);
  const first = await harness.start('w');
  const earlier = await harness.end(first);
  failing.now = false;
  const { run } = await rerunRun(harness.deps, { runId: first, mode: 'failed', by: 'bob' });
  await harness.store.retention.remove(first, 'run');
  const view = await harness.end(run.id as RunId);
  expect(view.status).toBe('success');
  expect(view.jobs[0]?.keptFrom).toBe(first);
  expect(digestsOf(view)).toEqual(digestsOf(earlier));
  expect(await unused(harness)).toEqual([]);
});

it('says nothing where events refer to nothing', () => {
  expect(blobsOfEvents([{ type: 'run.cancel_requested', by: 'ada' }])).toEqual({});
});
