import { describe, expect, it } from 'vitest';

import { callsOf, callsStatusFunction, type Expression, parseCondition, parseExpression, referencesOf } from './index.js';

describe('the references of an expression', () => {
  it.each<[string, [string, (string | number | null)[]][]]>([
    ['1', []],
    ['inputs', [['inputs', []]]],
    ['inputs.a.b', [['inputs', ['a', 'b']]]],
    ["inputs['a'].b[0]", [['inputs', ['a', 'b', 0]]]],
    ["(inputs.a).b['c d']", [['inputs', ['a', 'b', 'c d']]]],
    ['Inputs.A', [['inputs', ['A']]]],
    ['GitHub.ref', [['GitHub', ['ref']]]],
    ['steps.*.outputs', [['steps', [null, 'outputs']]]],
    ['steps[*].outputs.*', [['steps', [null, 'outputs', null]]]],
    ['a[b.c].d', [['a', [null, 'd']], ['b', ['c']]]],
    ['a[b[c]]', [['a', [null]], ['b', [null]], ['c', []]]],
    ['a[-1]', [['a', [null]]]],
    ['a[1.5]', [['a', [null]]]],
    ['a[true]', [['a', [null]]]],
    ['fromJSON(a.b).c[d]', [['a', ['b']], ['d', []]]],
    ["!a && (b || c == 'd') && contains(e.f, g) > h", [['a', []], ['b', []], ['c', []], ['e', ['f']], ['g', []], ['h', []]]],
    ['inputs.inputs', [['inputs', ['inputs']]]],
    ['success() && needs.a.result', [['needs', ['a', 'result']]]],
    ["'inputs.a'", []],
  ])('%s', (source, expected) => {
    expect(referencesOf(read(source)).map(({ root, path }) => [root, path])).toEqual(expected);
  });

  it('carry their place in the text', () => {
    const source = "  contains( steps.one [ 'x' ] , (inputs.a).b ) || x[ y . z ]";
    const texts = referencesOf(read(source)).map(({ offset, length }) => source.slice(offset, offset + length));
    expect(texts).toEqual(["steps.one [ 'x' ]", '(inputs.a).b', 'x[ y . z ]', 'y . z']);
  });

  it('count from the start of a condition', () => {
    const text = '${{ inputs.a }}';
    const condition = parseCondition(text);
    expect(condition.ok && referencesOf(condition.expression)).toEqual([{ root: 'inputs', path: ['a'], offset: 4, length: 8 }]);
  });
});

describe('the calls of an expression', () => {
  it('come with their names, arguments and places', () => {
    const calls = callsOf(read("FORMAT('{0}', needs.a) == join(inputs.x , 'y''s') || hashFiles('a', 1)"));
    expect(calls.map(({ name, literalArgs, offset }) => [name, literalArgs, offset])).toEqual([
      ['format', ['{0}', null], 0],
      ['join', [null, "y's"], 26],
      ['hashFiles', ['a', null], 53],
    ]);
    expect(calls[1]?.args.map(({ source, offset }) => [source, offset])).toEqual([['inputs.x', 31], ["'y''s'", 42]]);
    expect(calls[1]?.args.flatMap(referencesOf)).toEqual([{ root: 'inputs', path: ['x'], offset: 31, length: 8 }]);
  });

  it.each([
    ['success()', true],
    ["Failure('a')", true],
    ['!cancelled()', true],
    ['inputs.a[always()]', true],
    ["case(true, success(), 1) == 'x'", true],
    ['inputs.success', false],
    ["'success()'", false],
    ["contains('a', 'b')", false],
    ['true', false],
  ])('%s asks how things went: %s', (source, expected) => {
    expect(callsStatusFunction(read(source))).toBe(expected);
  });
});

function read(source: string): Expression {
  const parsed = parseExpression(source);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.expression;
}
