import { describe, expect, it } from 'vitest';

import { checkSchema } from './check-schema.js';

describe('checkSchema', () => {
  it('says nothing about a value that fits', () => {
    expect(checkSchema({ type: 'object', required: ['a'] }, { a: 1 })).toBeUndefined();
    expect(checkSchema({ type: 'string', format: 'email' }, 'a@example.com')).toBeUndefined();
  });

  it('names everything that does not fit', () => {
    const problem = checkSchema({ type: 'object', properties: { a: { type: 'number' } }, required: ['b'] }, { a: 'x' });
    expect(problem).toContain('value/a must be number');
    expect(problem).toContain("must have required property 'b'");
    expect(checkSchema({ type: 'string', format: 'email' }, 'nobody')).toContain('must match format "email"');
  });

  it('reports a schema that is none', () => {
    expect(checkSchema({ type: 'nonsense' }, 1)).toContain('its schema cannot be used');
  });

  it('can use one id for two schemas', () => {
    expect(checkSchema({ $id: 'urn:x:y', type: 'string' }, 1)).toContain('must be string');
    expect(checkSchema({ $id: 'urn:x:y', type: 'number' }, 1)).toBeUndefined();
  });
});
