import type { JsonValue } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { evaluate, evaluateCondition, type Expression, KNOWN_FUNCTIONS, parseExpression, type Scope, valuesRead } from './index.js';

describe('status functions', () => {
  const asked: string[] = [];
  const scope: Scope = {
    contexts: { inputs: { job: 'test' } },
    status: {
      success: (names) => asked.push(`success ${names.join()}`) > 0,
      failure: (names) => asked.push(`failure ${names.join()}`) < 0,
      always: () => true,
      cancelled: () => false,
    },
  };

  it('answer for all jobs, or for those that are named', () => {
    expect(['success()', "success('a', inputs.job)", 'failure()', 'ALWAYS()', '!cancelled()'].map((source) => evaluate(read(source), scope))).toEqual([
      true,
      true,
      false,
      true,
      true,
    ]);
    expect(asked).toEqual(['success ', 'success a,test', 'failure ']);
  });

  it('are not asked for where a short circuit decides', () => {
    asked.length = 0;
    evaluateCondition(read('false && success()'), scope);
    expect(asked).toEqual([]);
  });

  it.each(['success()', 'failure()', 'always()', 'cancelled()', "hashFiles('a')"])('%s fails where it is not available', (source) => {
    expect(() => evaluate(read(source), { contexts: {} })).toThrow(expect.objectContaining({ code: 'EXPRESSION_FAILED' }));
  });
});

describe('hashFiles', () => {
  it('is answered by whoever knows the files, for patterns as text', () => {
    const scope: Scope = { contexts: {}, hashFiles: (patterns) => `<${patterns.join('|')}>` };
    expect(evaluate(read("hashFiles('**/lock', 1, null)"), scope)).toBe('<**/lock|1|>');
  });
});

describe('a condition', () => {
  it.each<[string, boolean]>([
    ['null', false],
    ["''", false],
    ['0', false],
    ['NaN', false],
    ["'false'", true],
    ["' '", true],
    ['-1', true],
    ['Infinity', true],
    ["fromJSON('[]')", true],
    ["fromJSON('{}')", true],
    ['nosuch.thing', false],
    ['nosuch.*', true],
  ])('%s holds: %s', (source, holds) => {
    expect(evaluateCondition(read(source), { contexts: {} })).toBe(holds);
  });
});

describe('a context', () => {
  it('that is undefined reads as null, and inherited names of the scope as absent', () => {
    const contexts = Object.create({ inherited: 'no' }) as Record<string, JsonValue | undefined>;
    contexts.vars = undefined;
    expect([evaluate(read('vars'), { contexts }), evaluate(read('vars.a'), { contexts }), evaluate(read('inherited'), { contexts })]).toEqual([null, null, null]);
  });
});

describe('the values an expression reads', () => {
  const scope: Scope = {
    contexts: {
      needs: { build: { result: 'failed', outputs: { long: 'x'.repeat(300), list: [1, 2], big: Array.from({ length: 500 }, () => 'xx') } } },
      inputs: { key: 'build', object: Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`k${i}`, i])) },
      secrets: { TOKEN: 'hunter2' },
    },
  };

  it.each<[string, Record<string, JsonValue>]>([
    ["needs.build.result == 'success'", { 'needs.build.result': 'failed' }],
    ["needs['build'].result || needs.build.result", { 'needs.build.result': 'failed' }],
    ['false && needs.build.result', { 'needs.build.result': 'failed' }],
    ['needs[inputs.key].result', { 'needs[inputs.key].result': 'failed', 'inputs.key': 'build' }],
    ['contains(needs.*.result, 1)', { 'needs.*.result': ['failed'] }],
    ['needs.build.outputs.list[1]', { 'needs.build.outputs.list[1]': 2 }],
    ['needs.build.outputs.list', { 'needs.build.outputs.list': [1, 2] }],
    ['needs.build.outputs.big', { 'needs.build.outputs.big': 'an array of 500' }],
    ['inputs.object', { 'inputs.object': 'an object with 99 keys' }],
    ['inputs.nosuch', { 'inputs.nosuch': null }],
    ['needs.build.outputs.long', { 'needs.build.outputs.long': `${'x'.repeat(200)}…` }],
    ["secrets.TOKEN == 'x' || Secrets['TOKEN']", {}],
    ['inputs[secrets.TOKEN]', {}],
    ["inputs[fromJSON('{')] || inputs.key", { 'inputs.key': 'build' }],
    ['success()', {}],
  ])('%s', (source, values) => {
    expect(valuesRead(read(source), scope)).toEqual(values);
  });

  it('are at most twenty', () => {
    const source = Array.from({ length: 30 }, (_, i) => `inputs.k${i}`).join(' || ');
    expect(Object.keys(valuesRead(read(source), scope))).toHaveLength(20);
  });
});

it('every function of the language can be called', () => {
  const scope: Scope = {
    contexts: {},
    status: { success: () => true, failure: () => true, always: () => true, cancelled: () => true },
    hashFiles: () => 'h',
  };
  const args: Record<string, string> = { contains: "'a','a'", startsWith: "'a','a'", endsWith: "'a','a'", always: '', cancelled: '', case: 'true,1,2' };
  const values = KNOWN_FUNCTIONS.map((name) => evaluate(read(`${name}(${args[name] ?? '1'})`), scope));
  expect(values).toEqual([true, true, true, '1', '1', '1', 1, 'h', 1, true, true, true, true]);
});

function read(source: string): Expression {
  const parsed = parseExpression(source);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.expression;
}
