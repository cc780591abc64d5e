import { RELEASE_STATES } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { mayBecome } from './release-transition.js';

/** Rows: from; columns in the order of the states: draft, verified, canary, active, revoked. */
const TABLE = {
  draft: [false, true, true, true, true],
  verified: [false, true, true, true, true],
  canary: [false, true, true, true, true],
  active: [false, true, true, true, true],
  revoked: [false, false, false, false, false],
};

describe('the release of a version', () => {
  it.each(RELEASE_STATES.flatMap((from) => RELEASE_STATES.map((to, index) => ({ from, to, may: TABLE[from][index] }))))('$from to $to: $may', ({ from, to, may }) => {
    expect(mayBecome(from, to)).toBe(may);
  });
});
