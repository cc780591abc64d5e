import type { Explanation, Page, RunSummaryView, RunView } from '@kb-labs/contracts';
import { afterAll, describe, expect, it } from 'vitest';

import { Project } from './project.fixture.js';

/** Two jobs that fan out over lists, in a row: the second one reads what each combination of the first has left. */
const workflow = `
id: wide
inputs:
  list: { type: json, required: true }
outputs: { last: "\${{ jobs.collect.outputs.last }}", count: "\${{ jobs.collect.outputs.count }}" }
jobs:
  one:
    strategy: { matrix: { n: "\${{ inputs.list }}" } }
    outputs: { n: "\${{ matrix.n }}" }
    steps: [{ uses: builtin:gate, with: { decision: go, routes: { go: continue } } }]
  collect:
    needs: one
    outputs:
      last: "\${{ needs.one.outputs.n }}"
      count: "\${{ needs.one.combinations[9998].result }}"
    steps: [{ uses: builtin:gate, with: { decision: go, routes: { go: continue } } }]
`;

const projects: Project[] = [];
afterAll(() => {
  for (const project of projects) project.remove();
});

/** A project in which a matrix may have this many combinations, and the run over a list of that length. */
async function runOver(length: number, limit?: number): Promise<{ project: Project; code: number | null; view: RunView }> {
  const project = new Project({
    '.kb/workflows/wide.yml': workflow,
    '.kb/kb.config.yaml': limit === undefined ? '' : `limits: { matrix: ${limit} }\n`,
    'input.json': JSON.stringify({ list: Array.from({ length }, (_, n) => n + 1) }),
  });
  projects.push(project);
  const answer = await project.kb('workflow:run', '--workflow-id=wide', '--input-file=input.json', '--json');
  return { project, code: answer.code, view: JSON.parse(answer.stdout) as RunView };
}

describe('a run of ten thousand jobs', () => {
  it('runs, is listed, shown and explained', async () => {
    const { project, code, view } = await runOver(9_999, 10_000);
    expect({ code, status: view.status, outputs: view.outputs }).toEqual({ code: 0, status: 'success', outputs: { last: 9_999, count: 'success' } });
    const combinations = view.jobs.filter((job) => job.combinationOf === 'one');
    expect(combinations).toHaveLength(9_999);
    expect(combinations.filter((job) => job.status !== 'success' || job.attempt !== 1)).toEqual([]);
    expect(new Set(combinations.map((job) => job.outputs['n'])).size).toBe(9_999);
    const { items } = await project.json<Page<RunSummaryView>>('workflow:list-runs');
    expect(items).toMatchObject([{ id: view.id, status: 'success' }]);
    expect((await project.json<Explanation>('workflow:explain', `--run-id=${view.id}`)).nodes).toEqual([]);
    const shown = await project.kb('workflow:status', `--run-id=${view.id}`);
    expect(shown.stdout.split('\n').length, 'people are not shown each of them').toBeLessThan(300);
  }, 120_000);

  it('is the most: one job more is refused', async () => {
    const { code, view } = await runOver(10_000, 10_000);
    expect({ code, error: view.error?.code }).toEqual({ code: 1, error: 'MATRIX_INVALID' });
    expect(view.error?.message).toContain('10001 jobs');
  });
});

describe('a matrix without a limit of the configuration', () => {
  it.each([
    [255, 'success'],
    [256, 'success'],
    [257, 'failed'],
  ])('of %d combinations ends as %s', async (length, status) => {
    const { view } = await runOver(length);
    expect(view.status).toBe(status);
    if (status === 'failed') expect(view.error).toMatchObject({ code: 'MATRIX_INVALID' });
  });
});
