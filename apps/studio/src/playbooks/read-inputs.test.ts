import { describe, expect, it } from 'vitest';

import { readInputs } from './read-inputs.js';

describe('what is typed for an input', () => {
  it.each([
    ['1.4.0', '1.4.0'],
    ['1.10', '1.10'],
    ['007', '007'],
    ['9007199254740993', '9007199254740993'],
    ['42', 42],
    ['-1.5', -1.5],
    ['true', true],
    ['True', 'True'],
    ['[1, "a"]', [1, 'a']],
    ['{"a": {}}', { a: {} }],
    ['{not json}', '{not json}'],
    [' spaced ', ' spaced '],
  ])('%s is %j', (text, value) => {
    expect(readInputs({ input: text })).toEqual({ input: value });
  });

  it('is nothing when it is empty', () => {
    expect(readInputs({ input: '' })).toEqual({});
  });
});
