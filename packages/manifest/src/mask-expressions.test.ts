import { describe, expect, it } from 'vitest';

import { dataOf } from './located.js';
import { maskExpressions } from './mask-expressions.js';
import { readDocument } from './read-document.js';

function dataIn(text: string): unknown {
  const { root, problems } = readDocument({ text, file: 'a.yml' });
  return root === undefined ? problems.list.map((problem) => problem.message) : dataOf(root);
}

describe('expressions without quotes between brackets', () => {
  it.each([
    ['a: { b: ${{ x }} }', { a: { b: '${{ x }}' } }],
    ['{a: ${{ x }}, b: [${{y}}]}', { a: '${{ x }}', b: ['${{y}}'] }],
    ["a: [${{ format('{0}, [{1}]', x, y) }}, c]", { a: ["${{ format('{0}, [{1}]', x, y) }}", 'c'] }],
    ["a: { b: x ${{ '}}' }} y }", { a: { b: "x ${{ '}}' }} y" } }],
    ['a: { ${{ x }}: 1 }', { a: { '${{ x }}': 1 } }],
    ['a: { b: ${{ x[0] }} }\nc: "${{ [1] }}"\nd: |\n  ${{ {} }}\n', { a: { b: '${{ x[0] }}' }, c: '${{ [1] }}', d: '${{ {} }}\n' }],
  ])('%j', (text, data) => {
    expect(dataIn(text)).toEqual(data);
  });

  it('leave a document that is YAML as it is', () => {
    expect(dataIn('a: ["${{ x", b, "}}"]\nc: {d: [1, 2]}')).toEqual({ a: ['${{ x', 'b', '}}'], c: { d: [1, 2] } });
  });

  it('keep every offset', () => {
    const text = 'a: { b: ${{ [x] }} } # ${{ {y} }}\n';
    expect(maskExpressions(text)?.text.length).toBe(text.length);
  });

  it('come back as they were, characters of the private use area included', () => {
    expect(dataIn('a: [${{ {x} }}, \ue000\ue001]')).toEqual({ a: ['${{ {x} }}', '\ue000\ue001'] });
  });

  it('do not reach over the end of a line', () => {
    expect(maskExpressions('a: [${{ x\n}}, b]')).toBeUndefined();
    expect(maskExpressions('a: [b]')).toBeUndefined();
  });

  it('do not hide another mistake', () => {
    expect(dataIn('a: { b: ${{ x }}, c: "d }')).toEqual([expect.stringContaining('no closing')]);
    expect(dataIn('a: { b: ${{ x }} }\nc: "d" ${{ {e} }}\n')).toEqual(['"${{ {e} }}" follows a value that has already ended']);
  });
});
