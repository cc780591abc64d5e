import type { Diagnostic, RunView } from '@kb-labs/contracts';
import { afterAll, describe, expect, it } from 'vitest';

import { Project } from './project.fixture.js';

const project = new Project({ 'note.txt': 'one\n', '.gitignore': '.kb/state/\n' });
project.copy('.kb/workflows', '.kb/workflows');
project.copy('examples/ai-review/.kb/workflows', '.kb/workflows');
project.copy('examples/retries/.kb/workflows', '.kb/workflows');
project.git('init', '-q');
project.git('add', '.');
project.git('commit', '-qm', 'one');
project.write('note.txt', 'two\n');
project.git('commit', '-qam', 'two');
afterAll(() => project.remove());

describe('the examples', () => {
  it('are valid', async () => {
    const { diagnostics, workflows } = await project.json<{ diagnostics: Diagnostic[]; workflows: { id: string }[] }>('workflow:validate');
    expect(diagnostics).toEqual([]);
    expect(workflows.map((workflow) => workflow.id).toSorted()).toEqual(['ai-review', 'hello', 'retries']);
  });

  it('hello greets whom it is told to', async () => {
    const run = await project.json<RunView>('workflow:run', '--workflow-id=hello', '-f', 'name=Ada');
    expect(run).toMatchObject({ status: 'success', outputs: { greeting: 'Hello, Ada' } });
  });

  it('ai-review reviews the last commit', async () => {
    const run = await project.json<RunView>('workflow:run', '--workflow-id=ai-review');
    expect(run).toMatchObject({ status: 'success', outputs: { findings: [] } });
  });

  it('retries succeeds at the third try and tolerates what it is told to tolerate', async () => {
    const run = await project.json<RunView>('workflow:run', '--workflow-id=retries');
    expect(run.status).toBe('success');
    expect(run.jobs[0]?.steps[0]).toMatchObject({ attempt: 3, outputs: { tries: '3' } });
    expect(run.jobs[1]?.steps.map((step) => step.status)).toEqual(['failed', 'success', 'skipped', 'success']);
    expect(run.jobs[1]?.steps[1]?.outputs['stdout']).toContain('lint ended as failed after 3 tries');
  });
});
