import { describe, expect, it } from 'vitest';

import { parseTyped } from './parse-typed.js';

describe('what was typed', () => {
  it.each([
    ['number', ' 1.5 ', 1.5],
    ['number', '-3e2', -300],
    ['integer', '07', 7],
    ['json', '{"a": [1]}', { a: [1] }],
    ['json', 'null', null],
    ['json', '  ', undefined],
    ['number', '', undefined],
  ] as const)('as a %s: %j is %j', (kind, text, value) => {
    expect(parseTyped(kind, text)).toEqual({ ok: true, value });
  });

  it.each([
    ['number', '1,5'],
    ['number', '0x10'],
    ['number', '1e999'],
    ['number', '-'],
    ['integer', 'many'],
    ['json', '{a: 1}'],
  ] as const)('as a %s: %j is nothing', (kind, text) => {
    expect(parseTyped(kind, text)).toHaveProperty('problem');
  });
});
