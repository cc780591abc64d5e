import type { RetentionPolicy } from '@kb-labs/contracts';
import { describe, expect, it, onTestFinished } from 'vitest';

import { failure, type Harness, openHarness, success } from './harness.fixture.js';
import { readArtifact } from './read-artifact.js';
import { readRun } from './read-run.js';
import { sweepRetention } from './sweep-retention.js';

const HOUR = 3_600_000;
const KEEP: RetentionPolicy = { runs: {}, logs: {}, artifacts: {} };
const NOTHING = { ageMs: HOUR };

const WORKFLOWS = {
  'store.yml': 'id: store\ninputs: { text: { type: string } }\njobs: { j: { steps: [ { id: s, uses: t/do:store, with: { text: "${{ inputs.text }}" } } ] } }\n',
  'wait.yml': 'id: wait\njobs: { j: { steps: [ { id: s, uses: "builtin:wait", with: { signal: go } } ] } }\n',
};

async function open(): Promise<Harness> {
  const harness = await openHarness({ workflows: WORKFLOWS });
  onTestFinished(() => harness.close());
  harness.handlers.set('do:store', async (call) => {
    const { text } = call.input;
    if (typeof text !== 'string') return failure();
    await call.saveArtifact({ name: 'note.txt', type: 'text', content: new TextEncoder().encode(text) });
    return success();
  });
  await harness.worker();
  return harness;
}

/** A sweep as it would be some hours later. */
function sweep({ deps }: Harness, hours: number, policy: Partial<RetentionPolicy>) {
  const clock = { ...deps.clock, now: () => Date.now() + hours * HOUR };
  return sweepRetention({ ...deps, clock }, () => ({ ...KEEP, ...policy }));
}

/** The next daemon's turn. */
async function rested({ deps }: Harness): Promise<void> {
  await deps.records.write([{ kind: 'lease', key: 'retention-sweep', remove: true }]);
}

describe('a run that was kept long enough', () => {
  it('loses its artifacts first, and is gone in the end, with the bytes that nobody else has', async () => {
    const harness = await open();
    const { deps } = harness;
    const [mine, same] = [await harness.start('store', { text: 'only here' }), await harness.start('store', { text: 'twice' })];
    const waiting = await harness.start('wait');
    for (const id of [mine, same]) expect((await harness.end(id)).status).toBe('success');
    const digest = (await readRun(deps, mine)).artifacts[0]?.digest ?? '';

    expect((await sweep(harness, 0, { runs: NOTHING, logs: NOTHING, artifacts: NOTHING })).removed).toMatchObject({ runs: 0, artifacts: 0 });
    await rested(harness);
    const first = await sweep(harness, 2, { artifacts: NOTHING });
    expect(first).toMatchObject({ removed: { runs: 0, artifacts: 2, bytes: 14 }, blobs: 2 });
    await expect(readArtifact(deps, { runId: mine, name: 'note.txt' })).rejects.toMatchObject({ code: 'ARTIFACT_REMOVED' });
    expect(await deps.blobs.get(digest)).toBeUndefined();
    expect((await readRun(deps, mine)).status).toBe('success');

    await rested(harness);
    expect((await sweep(harness, 2, { runs: NOTHING })).removed.runs).toBe(2);
    await expect(readRun(deps, mine)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect((await readRun(deps, waiting)).status).toBe('waiting');
  });

  it('leaves the bytes that another run still refers to', async () => {
    const harness = await open();
    const { deps } = harness;
    const ids = [await harness.start('store', { text: 'shared' }), await harness.start('store', { text: 'shared' })];
    for (const id of ids) await harness.end(id);
    const digest = (await readRun(deps, ids[0] ?? '')).artifacts[0]?.digest ?? '';
    const { artifacts } = await deps.retention.usage('default');
    expect(artifacts).toBe(12);
    // Room for one of the two.
    expect(await sweep(harness, 2, { artifacts: { bytes: 6 } })).toMatchObject({ removed: { artifacts: 1, bytes: 6 }, blobs: 0 });
    expect(await deps.blobs.get(digest)).toBeDefined();
    await rested(harness);
    expect(await sweep(harness, 2, { artifacts: { bytes: 0 } })).toMatchObject({ removed: { artifacts: 1 }, blobs: 1 });
    expect(await deps.blobs.get(digest)).toBeUndefined();
  });
});
