import type { Workflow } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { resolveInputs } from './resolve-inputs.js';

const declared: NonNullable<Workflow['inputs']> = {
  base: { type: 'string', required: true, description: 'what to compare with' },
  level: { type: 'choice', options: ['fast', 'full'], default: 'fast' },
  count: { type: 'number' },
  dry: { type: 'boolean', default: false },
  opts: { type: 'json', schema: { type: 'object' } },
};
const checkSchema = (): undefined => undefined;

describe('resolveInputs', () => {
  it('fills in defaults, and null where there is none', () => {
    expect(resolveInputs(declared, { base: 'main' }, checkSchema)).toEqual({
      ok: true,
      inputs: { base: 'main', level: 'fast', count: null, dry: false, opts: null },
    });
  });

  it('reports every problem at once', () => {
    const result = resolveInputs(declared, { bsae: 'x', level: 'slow', count: '3', dry: 1 }, checkSchema);
    expect(result).toEqual({
      ok: false,
      problems: [
        'unknown input "bsae": did you mean "base"?',
        'the input "base" is required: what to compare with',
        'the input "level" must be one of fast, full, not "slow"',
        'the input "count" must be a number, not the string "3"',
        'the input "dry" must be a boolean, not the number 1',
      ],
    });
  });

  it('checks a json input against its schema', () => {
    const result = resolveInputs(declared, { base: 'b', opts: [] }, () => 'must be object');
    expect(result).toEqual({ ok: false, problems: ['the input "opts" does not fit its schema: must be object'] });
  });

  it('treats an input called like a member of the prototype as unknown', () => {
    const given = JSON.parse('{"base":"b","__proto__":1,"constructor":2}') as Record<string, number>;
    const result = resolveInputs(declared, given, checkSchema);
    expect(result.ok ? [] : result.problems).toHaveLength(2);
  });
});
