import { describe, expect, it } from 'vitest';

import { closedProperties, unknownProperty } from './schema-properties.js';

const leaf = { type: 'string' };

describe('unknownProperty', () => {
  it('follows names, list items and references', () => {
    const schema = {
      type: 'object',
      properties: { list: { type: 'array', items: { $ref: '#/$defs/item' } } },
      $defs: { item: { type: 'object', properties: { path: leaf } } },
    };
    expect(unknownProperty(schema, ['list', 0, 'path'])).toBeUndefined();
    expect(unknownProperty(schema, ['list', null, 'PATH'])).toBeUndefined();
    expect(unknownProperty(schema, ['list', 0, 'pth'])).toEqual({ at: 2, name: 'pth', known: ['path'] });
    expect(unknownProperty(schema, ['lst'])).toEqual({ at: 0, name: 'lst', known: ['list'] });
  });

  it.each([
    ['an object that is declared open', { properties: { a: leaf }, additionalProperties: true }],
    ['one with a schema for the rest', { properties: { a: leaf }, additionalProperties: {} }],
    ['one that lists nothing', { type: 'object' }],
    ['a choice of shapes', { anyOf: [{ properties: { a: leaf } }], properties: { a: leaf } }],
    ['a reference to elsewhere', { $ref: 'https://example.com/schema.json' }],
    ['a scalar', leaf],
  ])('is silent about %s', (_name, schema) => {
    expect(unknownProperty(schema, ['anything', 'at', 'all'])).toBeUndefined();
  });

  it('is silent from a computed name on', () => {
    expect(unknownProperty({ properties: { a: { properties: {} } } }, [null, 'x'])).toBeUndefined();
  });
});

describe('closedProperties', () => {
  it('takes an object as closed unless it says otherwise', () => {
    expect(closedProperties({ properties: { a: leaf } })).toEqual(['a']);
    expect(closedProperties({ properties: { a: leaf }, additionalProperties: false })).toEqual(['a']);
    expect(closedProperties({ properties: { a: leaf }, additionalProperties: leaf })).toBeUndefined();
    expect(closedProperties({})).toBeUndefined();
  });
});
