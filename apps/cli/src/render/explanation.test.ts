import type { Explanation } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { createStyle } from '../terminal/style.js';
import { renderExplanation } from './explanation.js';
import { renderChoices } from './rerun-choices.js';
import { at, START } from './sample-run.test-data.js';

const plain = createStyle(false);

const explanation: Explanation = {
  runId: 'run_A',
  status: 'waiting',
  nodes: [
    { job: 'build', status: 'queued', attempt: 1, missing: { kind: 'lock', message: 'the group "g" is held by the run run_B', group: 'g', heldBy: { runId: 'run_B', job: null }, ahead: 1 } },
    { job: 'test', status: 'skipped', attempt: 1, reason: { rule: 'condition', message: 'its condition was false', expression: "inputs.x ==\n 'b'", values: { 'inputs.x': 'a\u001b[2J' } } },
    { job: 'deploy', status: 'waiting', attempt: 1, reason: { rule: 'approval', message: 'it waits for approval' } },
    {
      job: 'deploy',
      step: 'ok',
      status: 'waiting_approval',
      attempt: 1,
      reason: { rule: 'approval', message: 'it waits for approval', dueAt: at(60_000) },
      missing: { kind: 'approval', message: 'ada has to approve or reject "Ship it?"', approvers: ['ada'], expiresAt: at(60_000) },
    },
    { job: 'retry', step: 'one', status: 'waiting', attempt: 2, reason: { rule: 'retry', message: 'try 2 follows EXIT_CODE', dueAt: at(5_000) }, error: { code: 'EXIT_CODE', message: 'exit code 1', hint: 'look at its log' } },
    { job: 'call', step: 'other', status: 'waiting', attempt: 1, missing: { kind: 'child', message: 'the run run_C has not ended', runId: 'run_C' } },
  ],
};

describe('renderExplanation', () => {
  it('gives a block for each part: the rule, the values, what is missing', () => {
    expect(renderExplanation(explanation, { style: plain, now: START })).toEqual([
      '… waiting  run_A',
      '',
      '· queued  build',
      '    missing: the group "g" is held by the run run_B',
      '',
      '– skipped  test',
      '    its condition was false  [condition]',
      "    if inputs.x == 'b'",
      '      inputs.x = "a\\u001b[2J"',
      '',
      '? waiting_approval  deploy/ok',
      '    it waits for approval  [approval]',
      '    missing: ada has to approve or reject "Ship it?"',
      `      until ${at(60_000)}, 1m 00s left`,
      '',
      '… waiting  retry/one  try 2',
      '    try 2 follows EXIT_CODE  [retry]',
      `    until ${at(5_000)}, 5.0s left`,
      '    EXIT_CODE: exit code 1',
      '    look at its log',
      '',
      '… waiting  call/other',
      '    missing: the run run_C has not ended',
      '      kb workflow:explain --run-id=run_C',
    ]);
  });

  it('says when there is nothing to explain, and counts what is too much', () => {
    expect(renderExplanation({ runId: 'run_A', status: 'running', nodes: [] }, { style: plain, now: START })[1]).toContain('nothing to explain');
    const nodes = Array.from({ length: 1_000 }, (_, index) => ({ job: `m.${String(index + 1)}`, status: 'queued', attempt: 1, missing: { kind: 'slot', message: 'not yet' } }) as const);
    const lines = renderExplanation({ runId: 'run_A', status: 'running', nodes }, { style: plain, now: START });
    expect(lines.length).toBeLessThan(700);
    expect(lines.at(-1)).toContain('and 800 more');
  });
});

describe('renderChoices', () => {
  it('says what is kept and what runs again, and why', () => {
    const keeps = [{ job: 'a', why: 'it succeeded' }, { job: 'b', step: 's', why: 'it stands before the chosen step' }];
    expect(renderChoices({ keeps, again: [{ job: 'c', why: 'it failed' }] }, plain)).toEqual(['  keeps  a  it succeeded', '  keeps  b/s  it stands before the chosen step', '  again  c  it failed']);
    const many = Array.from({ length: 100 }, (_, index) => ({ job: `m.${String(index)}`, why: 'x' }));
    expect(renderChoices({ keeps: many, again: [] }, plain).at(-1)).toBe('  keeps  and 60 more');
  });
});
