import type { Workflow } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { checkReferences } from './check-references.js';
import { workflowShape } from './workflow-shape.js';

const CALLED: Workflow = {
  id: 'called',
  inputs: {
    target: { type: 'string', required: true },
    both: { type: 'string', required: true, default: 'x' },
    count: { type: 'number', default: 3 },
    flag: { type: 'boolean' },
    level: { type: 'choice', options: ['fast', 'full'], default: 'fast' },
    any: { type: 'json' },
    list: { type: 'json', schema: { type: 'array', items: { type: 'string' } }, required: true },
  },
  outputs: { digest: '${{ jobs.a.outputs.x }}' },
  jobs: { a: { steps: [{ uses: 'a/b:c' }] } },
};

describe('workflowShape', () => {
  it('says what a workflow is given and gives', () => {
    expect(workflowShape(CALLED)).toEqual({
      input: {
        type: 'object',
        properties: {
          target: { type: 'string' },
          both: { type: 'string', default: 'x' },
          count: { type: 'number', default: 3 },
          flag: { type: 'boolean' },
          level: { type: 'string', enum: ['fast', 'full'], default: 'fast' },
          any: {},
          list: { type: 'array', items: { type: 'string' } },
        },
        required: ['target', 'list'],
        additionalProperties: false,
      },
      output: { type: 'object', properties: { digest: {} }, additionalProperties: false },
    });
  });

  it('of a workflow without inputs and outputs leaves no room for any', () => {
    const steps = [{ id: 'call', uses: 'workflow://bare', with: { x: 1 }, outputs: { y: '${{ result.y }}' } }];
    const found = checkReferences({ id: 'w', jobs: { main: { steps } } }, (uses) => (uses.kind === 'workflow' ? workflowShape({ id: 'bare', jobs: {} }) : undefined));
    expect(found.map((finding) => finding.path.slice(3))).toEqual([[0, 'outputs', 'y'], [0, 'with', 'x']].map(([index, ...rest]) => [index, ...rest]));
  });

  it('is what the steps that call the workflow are checked against', () => {
    const call = (given: Record<string, string | number | string[]>) => checkReferences({ id: 'w', jobs: { main: { steps: [{ uses: 'workflow://called', with: given }] } } }, () => workflowShape(CALLED)).map((finding) => finding.message.replace(/^.*?: /, ''));
    expect(call({ target: 'x', list: ['a'] })).toEqual([]);
    expect(call({ target: 'x', list: "${{ fromJSON('[]') }}" })).toEqual([]);
    expect(call({ target: 1, list: 'a', levle: 'fast' })).toEqual(['"target" is the number 1, the workflow expects text', '"list" is the text "a", the workflow expects a list', 'there is no input "levle"']);
  });
});
