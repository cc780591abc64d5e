import type { JsonValue } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { callsOf, evaluateText, parseExpression, parseTemplate, referencesOf, type Scope, valuesRead } from './index.js';
import { Evaluation } from './evaluation.js';

const TOKENS = [
  ...['(', ')', '[', ']', ',', '.', '*', '!', '!=', '==', '<', '<=', '>', '>=', '&&', '||', ' ', '\n', "'", "''", '"', '$', '{', '}', '${{', '}}'],
  ...['null', 'true', 'NaN', 'Infinity', '0', '1', '-1', '0x1', '1e9', '.5', "'a'", "'{0}'", "'[1]'", 'a', 'inputs', 'inputs.list', 'steps.*', '.k', '[0]', '[*]'],
  ...['contains(', 'format(', 'join(', 'toJSON(', 'fromJSON(', 'case(', 'success()', 'hashFiles(', 'nosuch('],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'ä', '\u2028', '\ud800'],
];

const scope: Scope = {
  contexts: { inputs: { list: [1, 'a', null, { k: ['v'] }], k: { k: 1 }, text: '${{ inputs.k }}' }, steps: { a: { k: 1 } } },
  status: { success: () => true, failure: () => false, always: () => true, cancelled: () => false },
};

describe('100,000 generated inputs', () => {
  const soup = fc.array(fc.constantFrom(...TOKENS), { maxLength: 14, size: 'max' }).map((tokens) => tokens.join(''));

  it('end in a value or a located problem, and nothing else is thrown', () => {
    let parsed = 0;
    fc.assert(
      fc.property(soup, (source) => {
        if (survives(source)) parsed += 1;
      }),
      { numRuns: 70_000 },
    );
    // Text that is always refused early would prove nothing.
    expect(parsed).toBeGreaterThan(1_000);
  });

  it('as templates too', () => {
    fc.assert(
      fc.property(soup, (source) => {
        const text = `a \${{ ${source} }} b`;
        const template = parseTemplate(text);
        if (!template.ok) {
          for (const { offset } of template.problems) expect(offset >= 0 && offset <= text.length).toBe(true);
        }
        onlyAppError(() => evaluateText(text, scope));
      }),
      { numRuns: 20_000 },
    );
  });

  it('as any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (source) => void survives(source)),
      { numRuns: 10_000 },
    );
  });
});

describe('what objects inherit', () => {
  const inherited = [...Object.getOwnPropertyNames(Object.prototype), ...Object.getOwnPropertyNames(Array.prototype), 'prototype'];
  const name = fc.constantFrom(...inherited.filter((key) => /^\w+$/.test(key)));
  const step = fc.oneof(
    name.map((key) => `.${key}`),
    name.map((key) => `['${key}']`),
    name.map((key) => `[format('{0}', '${key}')]`),
    fc.constant('.*'),
  );
  const base = fc.constantFrom('inputs', 'inputs.list', 'inputs.k', 'steps.*', 'inputs.text', "fromJSON('{}')", "fromJSON('[]')", '(inputs)', 'nosuch');

  it('cannot be reached by any path', () => {
    fc.assert(
      fc.property(base, name, fc.array(step, { maxLength: 3 }), (from, first, steps) => {
        expect(evaluated(`${from}.${first}${steps.join('')}`)).toSatisfy(isNothing);
        expect(evaluated(`${first}${steps.join('')}`)).toSatisfy(isNothing);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is found by this check where it is data', () => {
    const contexts = { inputs: JSON.parse('{"__proto__":{"x":1}}') as JsonValue };
    expect(evaluated('inputs.__proto__', contexts)).not.toSatisfy(isNothing);
  });

  it('cannot be changed', () => {
    evaluated(`fromJSON('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')`);
    evaluated(`toJSON(fromJSON('{"__proto__":{"polluted":1}}'))`);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

function survives(source: string): boolean {
  const parsed = parseExpression(source);
  if (!parsed.ok) {
    const { offset, message } = parsed.problem;
    if (offset < 0 || offset > source.length || message === '') throw new Error(`no place in ${JSON.stringify(source)}`);
    return false;
  }
  for (const { offset, length } of referencesOf(parsed.expression)) {
    if (length < 1 || offset + length > source.length) throw new Error(`a reference outside ${JSON.stringify(source)}`);
  }
  callsOf(parsed.expression);
  valuesRead(parsed.expression, scope);
  onlyAppError(() => new Evaluation(scope).json(parsed.expression));
  return true;
}

function onlyAppError(act: () => unknown): void {
  try {
    act();
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
  }
}

function evaluated(source: string, contexts = scope.contexts): JsonValue {
  const parsed = parseExpression(source);
  if (!parsed.ok) throw new Error(`${source}: ${parsed.problem.message}`);
  return new Evaluation({ contexts }).json(parsed.expression);
}

function isNothing(value: JsonValue): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}
