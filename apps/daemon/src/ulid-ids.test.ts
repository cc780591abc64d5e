import { isRunId } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ulidIds } from './ulid-ids.js';

function clockAt(times: readonly number[]) {
  let index = 0;
  return {
    now: () => times[Math.min(index++, times.length - 1)] ?? 0,
    after: () => () => undefined,
  };
}

describe('ulidIds', () => {
  it('writes the time in the first ten characters, as the specification does', () => {
    const ids = ulidIds(clockAt([1_469_918_176_385]), (bytes) => void bytes.fill(0));
    expect(ids.runId()).toBe('run_01ARYZ6S410000000000000000');
  });

  it('makes ids of sessions and flows of the same digits', () => {
    const ids = ulidIds(clockAt([1_469_918_176_385]), (bytes) => void bytes.fill(0));
    expect([ids.sessionId(), ids.flowId()]).toEqual(['ses-01aryz6s410000000000000000', 'flow-01aryz6s410000000000000001']);
  });

  it('counts up within a millisecond, and when the clock steps back', () => {
    const ids = ulidIds(clockAt([5, 5, 3]), (bytes) => void bytes.fill(0xff));
    const made = [ids.runId(), ids.runId(), ids.runId()];
    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(3);
  });

  it('makes valid ids that sort by creation, whatever the clock and the dice say', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2 ** 41 }), { minLength: 2, maxLength: 50 }), fc.nat({ max: 255 }), (times, dice) => {
        const ids = ulidIds(clockAt(times), (bytes) => void bytes.fill(dice));
        const made = times.map(() => ids.runId() as string);
        expect(made.every(isRunId)).toBe(true);
        expect([...made].sort()).toEqual(made);
        expect(new Set(made).size).toBe(made.length);
      }),
    );
  });
});
