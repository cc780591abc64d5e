import { LIMITS } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { groupOf } from './group-of.js';

const group = (template: string) => groupOf({ group: template, cancelInProgress: false, queue: 'all' }, { inputs: { to: 'live', none: '', n: 3 } });

describe('groupOf', () => {
  it('is text with the values of the run, whatever their kind', () => {
    expect([group('deploy'), group('deploy-${{ inputs.to }}'), group('${{ inputs.n }}')]).toEqual(['deploy', 'deploy-live', '3']);
  });

  it.each(['${{ inputs.none }}', ' ${{ inputs.unknown }} ', "${{ format('{0}', inputs.none) }}"])('refuses %s, which is empty', (template) => {
    expect(() => group(template)).toThrow(expect.objectContaining({ code: 'EXPRESSION_FAILED', message: expect.stringContaining('is empty') as string }) as Error);
  });

  it('takes a name as long as the limit, and none longer', () => {
    const name = 'x'.repeat(LIMITS.groupNameLength - 4);
    expect(group(`${name}\${{ inputs.to }}`)).toHaveLength(LIMITS.groupNameLength);
    expect(() => group(`${name}\${{ inputs.to }}!`)).toThrow(expect.objectContaining({ code: 'EXPRESSION_FAILED' }) as Error);
  });
});
