import { describe, expect, it } from 'vitest';

import { fieldsOf } from './fields-of.js';
import { firstValue } from './first-value.js';
import { inputsSchema, problemsOfInputs } from './inputs-schema.js';

const kinds = (schema: Parameters<typeof fieldsOf>[0]) => fieldsOf(schema)?.map(({ name, kind }) => `${name}: ${kind}`);

describe('the fields of a schema', () => {
  it('are one for each property, by its type', () => {
    expect(
      kinds({
        properties: {
          text: { type: 'string' },
          size: { type: 'number' },
          sure: { type: 'boolean' },
          one: { enum: ['a', 1, null] },
          fixed: { const: 'x' },
          several: { type: 'array', items: { enum: ['a', 'b'] }, uniqueItems: true },
          lines: { type: 'array', items: { type: 'string' } },
          group: { type: 'object', properties: { inner: { type: 'object', properties: { deep: { type: 'string' } } } } },
        },
      }),
    ).toEqual(['text: text', 'size: number', 'sure: boolean', 'one: choice', 'fixed: choice', 'several: choices', 'lines: list', 'group: group']);
  });

  it('ask for JSON where there is no field for it', () => {
    expect(kinds({ properties: { any: true, none: {}, both: { type: ['string', 'null'] }, chosen: { type: 'string', anyOf: [{ minLength: 3 }] }, map: { type: 'object' }, pairs: { type: 'array', items: { type: 'array' } } } })).toEqual([
      'any: json',
      'none: json',
      'both: json',
      'chosen: json',
      'map: json',
      'pairs: json',
    ]);
  });

  it('nest one level deep', () => {
    const [group] = fieldsOf({ properties: { group: { type: 'object', properties: { inner: { type: 'object', properties: { deep: { type: 'string' } } } } } } }) ?? [];
    expect(group?.kind === 'group' ? group.fields.map(({ kind }) => kind) : undefined).toEqual(['json']);
  });

  it.each([{}, { type: 'array' }, { properties: {} }, { properties: { x: {} }, oneOf: [{}] }])('are none for %j', (schema) => {
    expect(fieldsOf(schema)).toBeUndefined();
  });

  it('are called by their titles, and else by their names', () => {
    expect(fieldsOf({ properties: { a: { title: 'First', description: 'the first' }, b: {} }, required: ['b'] })).toMatchObject([
      { label: 'First', description: 'the first', required: false },
      { label: 'b', description: undefined, required: true },
    ]);
  });
});

describe('what a form begins with', () => {
  it('is what is given as default or can be nothing else', () => {
    expect(
      firstValue({
        properties: { a: { type: 'string', default: 'x' }, b: { type: 'string' }, sure: { type: 'boolean' }, must: { type: 'boolean' }, only: { const: 3 }, group: { type: 'object', properties: { c: { type: 'number', default: 0 } } } },
        required: ['must', 'only'],
      }),
    ).toEqual({ a: 'x', must: false, only: 3, group: { c: 0 } });
  });
});

describe('the inputs of a workflow', () => {
  it('become a schema', () => {
    expect(
      inputsSchema({
        base: { type: 'string', required: true, description: 'what to compare with' },
        level: { type: 'choice', options: ['fast', 'full'], default: 'fast', required: true },
        more: { type: 'json', schema: { type: 'array' } },
      }),
    ).toEqual({
      type: 'object',
      properties: { base: { type: 'string', description: 'what to compare with' }, level: { type: 'string', enum: ['fast', 'full'], default: 'fast' }, more: { type: 'array' } },
      required: ['base'],
      additionalProperties: false,
    });
  });

  it('have their problems told at their fields', () => {
    expect(problemsOfInputs(['the input "base" is required: what\nto compare with', 'unknown input "x"'])).toEqual({ '/base': 'is required: what\nto compare with', '': 'unknown input "x"' });
  });
});
