import type { JsonValue } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { evaluateDeep, evaluateTemplate, evaluateText, type Scope } from './index.js';
import { TemplateCache } from './template-cache.js';

const scope: Scope = {
  contexts: { inputs: { n: 1.5, yes: true, none: null, list: [1], object: { k: 1 }, text: 'x', sneaky: '${{ inputs.text }}' } },
};

describe('a template', () => {
  it.each<[string, JsonValue]>([
    ['plain', 'plain'],
    ['', ''],
    ['${{ inputs.n }}', 1.5],
    ['${{ inputs.yes }}', true],
    ['${{ inputs.none }}', null],
    ['${{ inputs.list }}', [1]],
    ['${{ inputs.object }}', { k: 1 }],
    ['${{ inputs.text }}', 'x'],
    [' ${{ inputs.n }}', ' 1.5'],
    ['${{ inputs.n }}\n', '1.5\n'],
    ['${{ inputs.n }}${{ inputs.yes }}', '1.5true'],
    ['[${{ inputs.none }}] ${{ inputs.list }} ${{ inputs.object }} ${{ NaN }}', '[] Array Object NaN'],
    ["${{ '${{' }} stays", '${{ stays'],
  ])('%j gives %j', (text, value) => {
    expect(evaluateTemplate(text, scope)).toEqual(value);
  });

  it.each([
    ['${{ inputs.n }}', '1.5'],
    ['${{ inputs.none }}', ''],
    ['${{ inputs.list }}', 'Array'],
    ['a ${{ inputs.yes }}', 'a true'],
    ['plain', 'plain'],
  ])('%j as text gives %j', (text, value) => {
    expect(evaluateText(text, scope)).toBe(value);
  });

  it('is evaluated once: what a value says is never an expression', () => {
    expect(evaluateTemplate('${{ inputs.sneaky }}', scope)).toBe('${{ inputs.text }}');
    expect(evaluateTemplate('a ${{ inputs.sneaky }}', scope)).toBe('a ${{ inputs.text }}');
    expect(evaluateTemplate("${{ format('{0}', '{0} ${{ inputs.text }}') }}", scope)).toBe('{0} ${{ inputs.text }}');
    expect(evaluateDeep({ a: ['${{ inputs.sneaky }}'] }, scope)).toEqual({ a: ['${{ inputs.text }}'] });
  });

  it('that cannot be read is an error with the place and the hint', () => {
    const error = { code: 'EXPRESSION_SYNTAX', details: { offset: 6, problem: 'there is no function "tojsn"' }, hint: 'did you mean "toJSON"?' };
    expect(() => evaluateTemplate('ab${{ tojsn(1) }}', scope)).toThrow(expect.objectContaining(error));
    expect(() => evaluateText('${{ a', scope)).toThrow(expect.objectContaining({ code: 'EXPRESSION_SYNTAX' }));
    const long = `\${{ '${'x'.repeat(70_000)}' }}`;
    expect(() => evaluateText(long, scope)).toThrow(expect.objectContaining({ code: 'EXPRESSION_TOO_LARGE' }));
  });

  it('that fails names its expression and never a value', () => {
    const contexts = { inputs: { token: 'hunter2 {', list: [] } };
    for (const source of ['fromJSON(inputs.token)', 'format(inputs.token)', "fromJSON(format('[{0}]', inputs.token))"]) {
      let message = '';
      try {
        evaluateTemplate(`\${{ ${source} }}`, { contexts });
      } catch (thrown) {
        message = JSON.stringify(thrown) + String(thrown);
      }
      expect(message).toContain('EXPRESSION_FAILED');
      expect(message).toContain(source);
      expect(message).not.toContain('hunter2');
    }
  });
});

describe('a value with templates in it', () => {
  it('keeps its shape, its keys and the types of whole expressions', () => {
    const value = { a: ['${{ inputs.n }}', 'n=${{ inputs.n }}', 3, null, false], '${{ inputs.n }}': { deep: '${{ inputs.list }}' } };
    expect(evaluateDeep(value, scope)).toEqual({ a: [1.5, 'n=1.5', 3, null, false], '${{ inputs.n }}': { deep: [1] } });
  });

  it('keeps a key that objects inherit as data', () => {
    const value = JSON.parse('{"__proto__":{"polluted":"${{ inputs.n }}"},"constructor":1}') as JsonValue;
    const result = evaluateDeep(value, scope);
    expect(JSON.stringify(result)).toBe('{"__proto__":{"polluted":1.5},"constructor":1}');
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('the store of parsed templates', () => {
  const template = { segments: [] };

  it('forgets what was used longest ago when the texts are too long together', () => {
    const cache = new TemplateCache(10);
    for (const text of ['aaaa', 'bbbb']) cache.set(text, template);
    expect(cache.get('aaaa')).toBe(template);
    cache.set('cccc', template);
    expect(['aaaa', 'bbbb', 'cccc'].map((text) => cache.get(text) === template)).toEqual([true, false, true]);
    expect(cache.characters).toBe(8);
  });

  it('does not keep a text that is longer than all of it', () => {
    const cache = new TemplateCache(10);
    cache.set('a'.repeat(10), template);
    cache.set('b'.repeat(11), template);
    expect(cache.characters).toBe(10);
    expect(cache.get('b'.repeat(11))).toBeUndefined();
  });
});
