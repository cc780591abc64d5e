import { describe, expect, it } from 'vitest';

import { parseExpression } from './index.js';

describe('a problem says what to write instead', () => {
  it.each([
    ["containz('a', 'b')", 'there is no function "containz"', 'did you mean "contains"?'],
    ['toJsn(inputs)', 'there is no function "toJsn"', 'did you mean "toJSON"?'],
    ['a = 1', 'unexpected "="', 'compare with "=="'],
    ['a === 1', 'unexpected "="', 'compare with "=="'],
    ['a & b', 'unexpected "&"', 'write "&&"'],
    ['a | b', 'unexpected "|"', 'write "||"'],
    ['a == "b"', 'unexpected "b"', 'strings stand in single quotes'],
    ['a + b', '"+" is not a number', 'there is no arithmetic in expressions'],
    ['1-1', '"1-1" is not a number', 'there is no arithmetic in expressions'],
    ['a / b', 'unexpected "/"', 'there is no arithmetic in expressions'],
    ['a && ${{ b }}', 'unexpected "${{"', 'write the whole expression inside one ${{ }}'],
    ["'a", 'the string is not closed', "end it with ' and write a quote inside it as ''"],
    ["contains('a')", 'contains takes 2 arguments, found 1', undefined],
    ["fromJSON('a', 'b')", 'fromJSON takes 1 argument, found 2', undefined],
    ['join()', 'join takes at least 1 argument, found 0', undefined],
    ["join('a', 'b', 'c')", 'join takes at most 2 arguments, found 3', undefined],
    ['case(true, 1, false, 2)', 'case takes pairs of a condition and a value, then a default: an odd number of arguments', undefined],
    ['inputs.', 'the expression ends too early, expected a property name', undefined],
    ['(1', 'the expression ends too early, expected ")"', undefined],
    ['1 2', 'unexpected "2"', undefined],
    ['', 'the expression is empty', undefined],
    ['a\u0000\n', 'unexpected "a\\u0000"', undefined],
  ])('%s', (source, message, hint) => {
    const result = parseExpression(source);
    expect(result.ok ? 'no problem' : [result.problem.message, result.problem.hint]).toEqual([message, hint]);
  });

  it('and quotes little of a long text', () => {
    const result = parseExpression(`$${'x'.repeat(5_000)}`);
    expect(result.ok ? '' : result.problem.message.length).toBeLessThan(70);
  });
});
