import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { idOf } from './flow.fixture.js';
import { agentOf, parsePromptId, parseTaskId, promptIdOf, runOfSidechain, sessionOfAgent, sidechainOf, taskIdOf } from './view-ids.js';

const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/);
const run = fc.integer({ min: 0, max: 10_000 }).map((n) => idOf(`run${String(n)}`));
const job = fc.oneof(name, fc.tuple(name, fc.integer({ min: 1, max: 256 })).map(([key, n]) => `${key}.${String(n)}`));

describe('an id', () => {
  it('reads back as what it was made of', () => {
    fc.assert(
      fc.property(run, job, name, fc.integer({ min: 1, max: 999_999 }), (runId, key, step, nth) => {
        expect(parseTaskId(taskIdOf(runId, key))).toEqual({ runId, job: key });
        expect(parsePromptId(promptIdOf(runId, { job: key, step, nth }))).toEqual({ runId, job: key, step, nth });
        expect(runOfSidechain(sidechainOf(runId))).toBe(runId);
        expect(sessionOfAgent(agentOf(sidechainOf(runId)))).toBe(sidechainOf(runId));
      }),
    );
  });

  it.each(['', 'run_1', 'build', `${idOf('a')}`, `${idOf('a')}.`, `x${idOf('a')}.build`])('%s is of no task', (text) => {
    expect(parseTaskId(text)).toBeUndefined();
  });

  it.each(['', `${idOf('a')}.build`, `${idOf('a')}.build.s`, `${idOf('a')}.build.s.0`, `${idOf('a')}.build.s.01`, `${idOf('a')}.build.s.1000000`])('%s is of no approval', (text) => {
    expect(parsePromptId(text)).toBeUndefined();
  });

  it.each(['main', 'sc-', `sc-${idOf('a')}x`, idOf('a'), `sc-${idOf('a').toLowerCase()}`])('%s is no sidechain', (text) => {
    expect(runOfSidechain(text)).toBeUndefined();
  });

  it.each(['', 'agent-', 'main'])('%s is of no agent', (text) => {
    expect(sessionOfAgent(text)).toBeUndefined();
  });
});
