import { afterEach, describe, expect, it } from 'vitest';

import { type Harness, openHarness } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';
import { showWorkflow } from './show-workflow.js';
import { validateWorkflows } from './validate-workflows.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0)) await harness.close();
});

async function project(workflows: Record<string, string>): Promise<Harness['deps']> {
  const harness = await openHarness({ workflows, clock: manualClock() });
  open.push(harness);
  return harness.deps;
}

const STEPS = 'steps: [{ uses: t/do:it }]';
const FULL = `# by hand and otherwise
id: full
name: All of it
on:
  manual: false
  push: { branches: [main, 'release/*'], paths-ignore: ['docs/**'] }
  schedule:
    - { cron: '0 9 * * 1-5', timezone: Europe/Vienna, catchup: all }
    - { cron: '0 0 * * *' }
  webhook: { source: github, events: [issues.opened], secret: HOOK }
  workflow: { ids: [plain, other], on: [failed, cancelled] }
secrets: [HOOK]
phases: { build: { label: Build it }, ship: {} }
jobs:
  a: { strategy: { matrix: { n: [1, 2] } }, ${STEPS} }
  b: { needs: a, if: "\${{ always() }}", ${STEPS} }
`;
const PLAIN = `id: plain\njobs: { j: { if: false, ${STEPS} } }\n`;

describe('a workflow that is shown', () => {
  it('has its text, and what starts it with everything filled in', async () => {
    const deps = await project({ 'full.yml': FULL, 'plain.json': JSON.stringify({ id: 'other', on: { webhook: [{ source: 'gitlab', secret: ['A', 'B'] }] }, secrets: ['A', 'B'], jobs: { j: { steps: [{ uses: 't/do:it' }] } } }), 'plain.yml': PLAIN });
    const full = await showWorkflow(deps, 'full');
    expect(full).toMatchObject({ id: 'full', valid: true, diagnostics: [], source: { text: FULL, format: 'yaml' } });
    // The clock stands at 2026-01-01T00:00:00Z, a Thursday; Vienna is an hour ahead.
    expect(full.triggers).toEqual({
      manual: false,
      push: { branches: ['main', 'release/*'], branchesIgnore: null, tags: null, tagsIgnore: null, paths: null, pathsIgnore: ['docs/**'] },
      schedules: [
        { cron: '0 9 * * 1-5', timezone: 'Europe/Vienna', catchup: 'all', overlap: 'skip', next: ['01', '02', '05', '06', '07'].map((day) => `2026-01-${day}T08:00:00.000Z`) },
        { cron: '0 0 * * *', timezone: 'UTC', catchup: 'last', overlap: 'skip', next: ['02', '03', '04', '05', '06'].map((day) => `2026-01-${day}T00:00:00.000Z`) },
      ],
      webhooks: [{ source: 'github', events: ['issues.opened'] }],
      workflows: [{ id: 'plain', on: ['failed', 'cancelled'] }, { id: 'other', on: ['failed', 'cancelled'] }],
    });
    expect(full.phases).toEqual([{ id: 'build', label: 'Build it' }, { id: 'ship', label: 'ship' }]);
    expect(full.jobs).toMatchObject([{ key: 'a', strategy: true, if: null }, { key: 'b', needs: ['a'], strategy: false, if: '${{ always() }}' }]);
    const none = { manual: true, push: null, schedules: [], webhooks: [], workflows: [] };
    expect(await showWorkflow(deps, 'plain')).toMatchObject({ triggers: none, phases: [], jobs: [{ if: 'false', strategy: false }] });
    expect(await showWorkflow(deps, 'other')).toMatchObject({ source: { format: 'json' }, triggers: { ...none, webhooks: [{ source: 'gitlab', events: null }] } });
  });

  it('tells what is wrong with its own document', async () => {
    const deps = await project({ 'plain.yml': PLAIN, 'bad.yml': `id: bad\njobs: { j: { needs: nobody, ${STEPS} } }\n` });
    expect(await showWorkflow(deps, 'bad')).toMatchObject({ valid: false, diagnostics: [{ code: 'NEEDS_UNKNOWN', file: 'bad.yml', line: 2 }] });
    expect((await showWorkflow(deps, 'plain')).diagnostics).toEqual([]);
  });

  it('that is not there could be one whose document is broken', async () => {
    const deps = await project({ 'plain.yml': PLAIN, 'broken.yml': 'id: plane\njobz: {}\n' });
    await expect(showWorkflow(deps, 'plane')).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND', hint: 'known: plain; there are errors in broken.yml' });
    await expect(showWorkflow(await project({ 'plain.yml': PLAIN }), 'nothing-like-it')).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND' });
  });
});

it('a list has what starts each workflow, and what is wrong with documents that are none', async () => {
  const deps = await project({ 'full.yml': FULL, 'plain.yml': PLAIN, 'broken.yml': 'id: [\n' });
  const { workflows, diagnostics } = await validateWorkflows(deps);
  expect(workflows.map(({ id, triggers }) => [id, triggers])).toEqual([
    ['full', ['push', 'schedule', 'webhook', 'workflow']],
    ['plain', ['manual']],
  ]);
  expect(diagnostics.map(({ file, severity }) => [file, severity])).toContainEqual(['broken.yml', 'error']);
});
