import { describe, expect, it } from 'vitest';

import { schemaRows } from './schema-rows.js';

describe('the rows of a schema', () => {
  it('are its properties, and those of objects within', () => {
    expect(
      schemaRows({
        properties: {
          diff: { type: 'string', description: 'a diff' },
          mode: { enum: ['a', 1], default: 'a' },
          list: { type: 'array', items: { type: 'integer' } },
          either: { anyOf: [{ type: 'string' }, { type: 'null' }, { type: 'string' }] },
          rules: { type: 'object', properties: { off: { type: ['boolean', 'null'] } }, required: ['off'] },
          any: true,
        },
        required: ['diff'],
      }).map(({ name, type, required, default: unset }) => [name, type, required, unset]),
    ).toEqual([
      ['diff', 'text', true, undefined],
      ['mode', 'a | 1', false, 'a'],
      ['list', 'list of whole number', false, undefined],
      ['either', 'text or nothing', false, undefined],
      ['rules', 'object', false, undefined],
      ['rules.off', 'true or false or nothing', true, undefined],
      ['any', 'anything', false, undefined],
    ]);
  });

  it('are none where there are no properties', () => {
    expect(schemaRows({ type: 'array' })).toEqual([]);
  });
});
