import { describe, expect, it } from 'vitest';

import { hasExpression, isWholeExpression, parseCondition, parseTemplate } from './index.js';

describe('a template', () => {
  it('is cut into text and expressions, with the place of each', () => {
    const text = 'a ${{ x }}b${{y}}';
    const result = parseTemplate(text);
    expect(result).toMatchObject({
      ok: true,
      template: {
        segments: [
          { kind: 'text', text: 'a ', offset: 0 },
          { kind: 'expression', source: ' x ', offset: 2, sourceOffset: 5, length: 8, expression: { source: 'x', offset: 1 } },
          { kind: 'text', text: 'b', offset: 10 },
          { kind: 'expression', source: 'y', offset: 11, sourceOffset: 14, length: 6, expression: { source: 'y', offset: 0 } },
        ],
      },
    });
    if (!result.ok) return;
    const pieces = result.template.segments.map((s) => (s.kind === 'text' ? s.text : text.slice(s.offset, s.offset + s.length)));
    expect(pieces.join('')).toBe(text);
  });

  it.each([
    ['', 0],
    ['plain', 1],
    ['}} {{ $', 1],
    ["${{ '}}' }}", 1],
    ["${{ '${{' }} is how to write it", 2],
    ["${{ 'it''s }}' }}", 1],
    ['${{ a }}${{ b }}', 2],
    ['${{ a }}}}', 2],
  ])('%j has %i segments', (text, count) => {
    expect(parseTemplate(text)).toMatchObject({ ok: true, template: { segments: { length: count } } });
  });

  it.each([
    ['${{ a', 0],
    ['x ${{ a }', 2],
    ["${{ 'a }}", 0],
    ['ok ${{ a }} ${{ b', 12],
    ['${{}}', 3],
    ['${{ a b }}', 6],
    ['ä😀${{ a. }}', 10],
    ['${{ ${{ a }} }}', 4],
  ])('%j has a problem at %i', (text, offset) => {
    expect(parseTemplate(text)).toMatchObject({ ok: false, problems: [{ code: 'EXPRESSION_SYNTAX', offset }] });
  });

  it('reports every mistake, up to a hundred', () => {
    const three = parseTemplate('${{ a b }} and ${{ foo() }} and ${{ ok }} and ${{ (1 }}');
    expect(three).toMatchObject({ problems: [{ offset: 6 }, { offset: 19 }, { offset: 53 }] });
    expect(parseTemplate('${{}}'.repeat(500))).toMatchObject({ problems: { length: 100 } });
  });

  it.each([
    ['${{ a }}', true],
    ['${{a}}', true],
    [' ${{ a }}', false],
    ['${{ a }}\n', false],
    ['${{ a }}${{ b }}', false],
    ['a', false],
    ['', false],
  ])('%j is one whole expression: %s', (text, whole) => {
    const result = parseTemplate(text);
    expect(result.ok && isWholeExpression(result.template)).toBe(whole);
  });

  it('is told from plain text by what opens an expression', () => {
    expect(['a', '$a', '${a}', '{{a}}', '$ {{a}}', '${{'].map(hasExpression)).toEqual([false, false, false, false, false, true]);
  });
});

describe('a condition', () => {
  it.each([
    ['a == 1', 'a == 1', 0],
    ['  a == 1 ', 'a == 1', 2],
    ['${{ a == 1 }}', 'a == 1', 4],
    [' ${{a}}\n', 'a', 4],
    ["contains(a, '${{')", "contains(a, '${{')", 0],
    ["${{ a == '}}' }}", "a == '}}'", 4],
  ])('%j is read as %j', (text, source, offset) => {
    expect(parseCondition(text)).toMatchObject({ ok: true, expression: { source, offset, root: { offset } } });
  });

  it.each([
    ['${{ a }} && ${{ b }}', 9],
    ['${{ a }} == 1', 9],
    ['!${{ a }}', 1],
    ['a && ${{ b }}', 5],
    ['${{ a', 0],
    ['  ${{ a b }}', 8],
    ['', 0],
    ['${{ }}', 3],
  ])('%j has a problem at %i', (text, offset) => {
    expect(parseCondition(text)).toMatchObject({ ok: false, problem: { code: 'EXPRESSION_SYNTAX', offset } });
  });
});
