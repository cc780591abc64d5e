import { describe, expect, it } from 'vitest';

import { checkValue } from './check-value.js';

const schema = {
  type: 'object',
  properties: {
    region: { type: 'string', enum: ['eu', 'us'] },
    percent: { type: 'integer', minimum: 1, maximum: 100 },
    tags: { type: 'array', items: { type: 'string', minLength: 2 }, minItems: 1, uniqueItems: true },
    'a/b': { type: 'object', properties: { deep: { type: 'boolean' } }, required: ['deep'] },
    either: { oneOf: [{ type: 'string' }, { type: 'number' }] },
    name: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
  },
  required: ['region'],
  additionalProperties: false,
};

describe('checking a value', () => {
  it('finds nothing wrong with one that fits', () => {
    expect(checkValue(schema, { region: 'eu', percent: 10, tags: ['ab'], 'a/b': { deep: true }, either: 3 })).toEqual({});
  });

  it('says what is wrong at the place where it is, and nowhere above', () => {
    expect(checkValue(schema, { region: 'asia', percent: 0, tags: ['a', 'bb'], 'a/b': {}, either: null, name: 'ABC' })).toEqual({
      '/region': 'has to be one of eu, us',
      '/percent': 'has to be at least 1',
      '/tags/0': 'needs 2 characters or more',
      '/a~1b/deep': 'is required',
      '/either': 'has none of the forms that are allowed',
      '/name': 'has to match ^[a-z]+$',
    });
  });

  it.each([
    [{}, '/region', 'is required'],
    [{ region: 'eu', percent: 1.5 }, '/percent', 'has to be a whole number'],
    [{ region: 'eu', percent: 101 }, '/percent', 'can be at most 100'],
    [{ region: 'eu', tags: [] }, '/tags', 'needs at least one'],
    [{ region: 'eu', tags: ['ab', 'ab'] }, '/tags', 'has something twice'],
    [{ region: 'eu', name: 'abcdef' }, '/name', 'can have 5 characters at most'],
    [{ region: 'eu', more: 1 }, '/more', 'is not known here'],
  ])('of %j, %s %s', (value, pointer, text) => {
    expect(checkValue(schema, value)).toEqual({ [pointer]: text });
  });

  it('leaves to the gateway what refers elsewhere', () => {
    expect(checkValue({ $ref: 'https://example.org/other' }, 1)).toEqual({});
  });

  it('follows what refers to the same schema', () => {
    expect(checkValue({ $defs: { short: { type: 'string', maxLength: 1 } }, properties: { x: { $ref: '#/$defs/short' } } }, { x: 'ab' })).toHaveProperty('/x');
  });
});
