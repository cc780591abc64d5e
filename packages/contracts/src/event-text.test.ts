import { describe, expect, it } from 'vitest';

import type { RunEventBody } from './event.js';
import { parseEventText, toEventText } from './event-text.js';
import type { JsonValue } from './json.js';
import type { RunPlan } from './plan.js';

type Started = RunEventBody & { type: 'run.started' };

/** Jobs are read as they were written, whatever is in them: a test needs none that could be run. */
function started(jobs: JsonValue[], payload: JsonValue = null): Started {
  const plan: RunPlan = { schema: 1, workflow: { id: 'w', name: 'w', version: null, digest: '' }, inputs: {}, vars: {}, env: {}, jobs: jobs as unknown[] as RunPlan['jobs'], outputs: {} };
  return { type: 'run.started', schema: 1, plan, trigger: { type: 'manual', actor: 'tester', payload, branch: null, tag: null, sha: null } };
}

const jobsOf = (value: unknown): RunPlan['jobs'] => (Array.isArray(value) ? (value[0] as Started) : (value as Started)).plan.jobs;
const anew = (key: string): JsonValue[] => [{ key, steps: [{ id: 'a', with: { jobs: [{ key }] } }] }];

describe('the event that a run is created with', () => {
  it('is written as JSON, and read as it was written', () => {
    const event = started(anew('one'), { text: '"jobs":[]', ref: 'a\\b' });
    const text = toEventText(event);
    expect(JSON.parse(text)).toEqual(event);
    expect(parseEventText(text)).toEqual(event);
    expect(toEventText(event)).toBe(text);
  });

  it('shares its jobs with those of other runs that are the same, whoever wrote it and however', () => {
    const written = started(anew('two'));
    expect(jobsOf(parseEventText(toEventText(written)))).toBe(written.plan.jobs);
    const other = started(anew('two'), 'another trigger');
    expect(jobsOf(parseEventText(JSON.stringify(other)))).toBe(written.plan.jobs);
    expect(parseEventText(`[${JSON.stringify(other)},{"type":"run.finished"}]`)).toEqual([other, { type: 'run.finished' }]);
    const [once, twice] = [parseEventText(JSON.stringify(started(anew('three')))), parseEventText(JSON.stringify(started(anew('three'), 2)))];
    expect(jobsOf(twice)).toBe(jobsOf(once));
    expect(jobsOf(twice)).toEqual(anew('three'));
  });

  it('has jobs of its own when those of another are in what its trigger brought', () => {
    const known = anew('four');
    toEventText(started(known));
    for (const jobs of [anew('five'), known]) {
      const event = { type: 'run.started', trigger: { payload: { jobs: known } }, plan: { jobs } };
      expect(parseEventText(JSON.stringify(event))).toEqual(event);
    }
    const none = { type: 'run.started', trigger: { payload: { jobs: known } }, plan: { jobs: [] } };
    expect(parseEventText(JSON.stringify(none))).toEqual(none);
  });

  it('shares them no more once 32 others came after them', () => {
    const text = JSON.stringify(started(anew('eight')));
    const first = jobsOf(parseEventText(text));
    for (let n = 0; n < 31; n += 1) parseEventText(JSON.stringify(started(anew(`few ${String(n)}`))));
    expect(jobsOf(parseEventText(text))).toBe(first);
    for (let n = 0; n < 32; n += 1) parseEventText(JSON.stringify(started(anew(`many ${String(n)}`))));
    expect(jobsOf(parseEventText(text))).not.toBe(first);
  });

  it('shares them no more once others of a million characters came after them', () => {
    const text = JSON.stringify(started(anew('six')));
    const first = jobsOf(parseEventText(text));
    for (let n = 0; n < 9; n += 1) parseEventText(JSON.stringify(started([{ key: `n${String(n)}`, script: 'x'.repeat(100_000) }])));
    expect(jobsOf(parseEventText(text))).toBe(first);
    for (let n = 0; n < 11; n += 1) parseEventText(JSON.stringify(started([{ key: `m${String(n)}`, script: 'x'.repeat(100_000) }])));
    expect(jobsOf(parseEventText(text))).not.toBe(first);
    const large = JSON.stringify(started([{ script: 'x'.repeat(1_100_000) }]));
    expect(jobsOf(parseEventText(large))).not.toBe(jobsOf(parseEventText(large)));
    expect(jobsOf(parseEventText(text))).toBe(jobsOf(parseEventText(text)));
  });
});

it('other events are read as JSON', () => {
  const event: RunEventBody = { type: 'step.finished', job: 'j', attempt: 1, step: 's', stepAttempt: 1, status: 'success', outputs: { jobs: anew('seven') }, artifacts: [] };
  expect(parseEventText(toEventText(event))).toEqual(event);
  for (const text of ['[]', '[{"type":"run.finished"}]', 'null', '{"type":"run.started"}', '{"type":"run.started","plan":null}', '[{"type":"run.started","plan":{"jobs":3}}]']) expect(parseEventText(text)).toEqual(JSON.parse(text));
  for (const text of ['[{"type":', '{"type":"run.started"', '']) expect(() => parseEventText(text)).toThrow(SyntaxError);
});
