import { describe, expect, it } from 'vitest';

import { createStyle } from '../terminal/style.js';
import { mayDecide, renderApproval, type ShownApproval } from './approval.js';
import { at, START } from './sample-run.test-data.js';

const wait: ShownApproval['wait'] = { kind: 'approval', title: 'Ship it?', instructions: 'Look.\nDecide.\u001b[2J', context: { a: [1] }, approvers: ['ada', 'bob'], form: null, subject: 's', expiresAt: at(60_000) };
const approval: ShownApproval = { runId: 'run_A', job: 'deploy', step: 'ok', turn: '1.1', startedBy: 'ada', wait };

describe('renderApproval', () => {
  it('shows everything a decision is about, as text', () => {
    expect(renderApproval(approval, { style: createStyle(false), now: START })).toEqual([
      '? Ship it?  deploy/ok, for ada or bob, 1m 00s left',
      '',
      '  Look.',
      '  Decide.',
      '',
      '  {',
      '    "a": [',
      '      1',
      '    ]',
      '  }',
      '',
    ]);
  });

  it('says where the rest of a large context is', () => {
    const lines = renderApproval({ ...approval, wait: { ...wait, context: Array.from({ length: 500 }, (_, index) => index) } }, { style: createStyle(false), now: START });
    expect(lines.length).toBeLessThan(60);
    expect(lines.join('\n')).toContain('462 more lines: kb workflow:approvals --json');
  });
});

describe('mayDecide', () => {
  it.each([
    ['ada', wait, true],
    ['eve', wait, false],
    ['eve', { ...wait, approvers: null }, true],
    ['ada', { ...wait, preventSelfApproval: true as const }, false],
    ['bob', { ...wait, preventSelfApproval: true as const }, true],
  ])('%s', (by, one, expected) => {
    expect(mayDecide({ ...approval, wait: one }, by)).toBe(expected);
  });
});
