import { formatUses, type Workflow } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { checkReferences } from './check-references.js';
import type { CommandShape } from './command-shape.js';
import { PROBLEM_CAP } from './located.js';

const SHAPE: CommandShape = {
  input: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
  output: { type: 'object', properties: { lines: { type: 'integer' } }, additionalProperties: false },
};

function problems(workflow: Partial<Workflow>, lookup: () => CommandShape | undefined = () => undefined): string[] {
  return checkReferences({ id: 'w', jobs: {}, ...workflow }, lookup).map((finding) => finding.message.replace(/^.*?: /, ''));
}

describe('checkReferences', () => {
  it('does not follow what is computed at run time', () => {
    const steps = [{ id: 'a', run: 'x' }, { uses: 'p/c:d', with: { x: '${{ steps[env.WHICH].outputs.y }} ${{ steps.*.outputs.z }} ${{ toJSON(needs) }}' } }];
    expect(problems({ env: { WHICH: 'a' }, jobs: { main: { steps } } })).toEqual([]);
  });

  it('checks outputs and inputs of a command only when its shape is known', () => {
    const steps = [{ id: 'a', uses: 'p/c:d', with: { txt: 'x' } }, { run: 'echo ${{ steps.a.outputs.line }}' }];
    const workflow = { jobs: { main: { steps } } };
    expect(problems(workflow)).toEqual([]);
    expect(problems(workflow, () => SHAPE)).toEqual(['"p/c:d" gives no output "line"', '"text" is missing', 'there is no input "txt"']);
  });

  it('asks for the command as it is written, with its range', () => {
    const asked: unknown[] = [];
    checkReferences({ id: 'w', jobs: { main: { steps: [{ uses: '@s/p@^1.2/c:d' }] } } }, (uses) => {
      asked.push(uses);
      return undefined;
    });
    expect(asked).toEqual([{ kind: 'plugin', package: '@s/p', range: '^1.2', command: 'c:d' }]);
  });

  it('takes the outputs a step maps in place of those of its command', () => {
    const steps = [
      { id: 'a', uses: 'p/c:d', with: { text: 'x' }, outputs: { count: '${{ result.lines }}', bad: '${{ result.count }}' } },
      { run: 'echo ${{ steps.a.outputs.count }} ${{ steps.a.outputs.lines }}' },
    ];
    expect(problems({ jobs: { main: { steps } } }, () => SHAPE)).toEqual(['"p/c:d" gives no output "count"', 'the step "a" has no output "lines"']);
  });

  it('points into the text of a script', () => {
    const [finding] = checkReferences({ id: 'w', jobs: { main: { steps: [{ run: 'one\n${{ inputs.x }}' }] } } }, () => undefined);
    expect(finding).toMatchObject({ code: 'EXPRESSION_REFERENCE', path: ['jobs', 'main', 'steps', 0, 'run'], offset: 8 });
  });

  it('asks for called workflows, and never for what the engine itself does', () => {
    const asked: unknown[] = [];
    const steps = [{ uses: 'workflow://other' }, { id: 's', uses: 'builtin:sleep', with: { for: '1s' } }, { uses: 'p/c:d', with: { x: '${{ steps.s.outputs.until }}' } }];
    const hooks = { post: [{ uses: 'p/c:e' }] };
    checkReferences({ id: 'w', jobs: { main: { steps, hooks } } }, (uses) => {
      asked.push(formatUses(uses));
      return undefined;
    });
    expect(asked.toSorted()).toEqual(['p/c:d', 'p/c:e', 'workflow://other']);
  });

  it('lets the steps that a gate sends back read it, and no others', () => {
    const read = { x: '${{ steps.gate.outputs.context.why }}' };
    const gate = { id: 'gate', uses: 'builtin:gate', with: { decision: 1, routes: { again: { 'restart-from': 'b' } } } };
    const steps = [{ id: 'a', uses: 'p/c:d', with: read }, { id: 'b', uses: 'p/c:d', with: read }, { id: 'c', uses: 'p/c:d', with: read }, gate];
    const found = checkReferences({ id: 'w', jobs: { main: { steps, hooks: { pre: [{ uses: 'p/c:d', with: read }] } } } }, () => undefined);
    expect(found.map((finding) => finding.path.join('.'))).toEqual(['jobs.main.hooks.pre.0.with.x', 'jobs.main.steps.0.with.x']);
    const forward = { ...gate, with: { decision: 1, routes: { again: 'continue' as const } } };
    expect(checkReferences({ id: 'w', jobs: { main: { steps: [...steps.slice(0, 3), forward] } } }, () => undefined)).toHaveLength(3);
  });

  it('gives at most a hundred findings', () => {
    const env = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`E${String(index)}`, '${{ inputs.x }}']));
    expect(problems({ env }).length).toBe(PROBLEM_CAP);
  });
});
