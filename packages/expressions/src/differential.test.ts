import { readdirSync, readFileSync } from 'node:fs';

import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import type { ExpressionData } from '@actions/expressions/data/expressiondata';
import type { FunctionDefinition } from '@actions/expressions/funcs/info';
import type { JsonValue } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Evaluation } from './evaluation.js';
import { KNOWN_FUNCTIONS, parseExpression } from './index.js';

type Contexts = Record<string, JsonValue>;

interface Golden {
  readonly contexts: Contexts;
  readonly cases: readonly { expression: string; differs?: string }[];
}

const folder = new URL('../../../tooling/fixtures/expressions/', import.meta.url);
const golden = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Golden)
  .flatMap(({ contexts, cases }) => cases.map((row) => ({ ...row, contexts })));

describe("GitHub's own library", () => {
  it.each(golden.filter(({ differs }) => differs === undefined))('answers the same: $expression', ({ expression, contexts }) => {
    expect(ours(expression, contexts)).toEqual(githubs(expression, contexts));
  });

  // The other half of the table, and the proof that the comparison sees a difference.
  it.each(golden.filter(({ differs }) => differs !== undefined))('$differs: $expression', ({ expression, contexts }) => {
    expect(ours(expression, contexts)).not.toEqual(githubs(expression, contexts));
  });

  it('answers the same for generated expressions', () => {
    let values = 0;
    const runs = 6_000;
    fc.assert(
      fc.property(expressions(), (expression) => {
        const mine = ours(expression, CONTEXTS, 'raw');
        const theirs = githubs(expression, CONTEXTS);
        // It evaluates every argument of case(), also those that are not chosen.
        if (theirs === FAILED && /case/i.test(expression)) return;
        expect(mine).toEqual(theirs);
        if (mine !== FAILED) values += 1;
      }),
      { numRuns: runs },
    );
    // Two sides that fail alike prove little: most of what is generated must have a value.
    expect(values).toBeGreaterThan(runs / 2);
  });
});

const FAILED = 'neither value nor problem';

const CONTEXTS: Contexts = {
  inputs: {
    text: 'Hello',
    upper: 'HELLO',
    number: 12,
    digits: '12',
    none: null,
    yes: true,
    list: ['a', 'B', 3, null, true, ['n'], { k: 'v' }],
    object: { k: 'w', list: [1, 2], Deep: { k: 0 } },
    json: '{"k":[1,{"k":2}]}',
    empty: '',
  },
  steps: { one: { outputs: { k: 1 } }, two: { outputs: { k: 'two', list: [] } } },
};

/** What a text gives here: a value of the language, or `FAILED` whatever is wrong with it. */
function ours(source: string, contexts: Contexts, as: 'json' | 'raw' = 'json'): unknown {
  const parsed = parseExpression(source);
  if (!parsed.ok) return FAILED;
  try {
    return noNegativeZero(new Evaluation({ contexts })[as](parsed.expression));
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return FAILED;
  }
}

function githubs(source: string, contexts: Contexts): unknown {
  try {
    const { tokens } = new Lexer(source).lex();
    const tree = new Parser(tokens, Object.keys(contexts), EXTENSIONS).parse();
    return noNegativeZero(fromData(new Evaluator(tree, dictionary(contexts)).evaluate()));
  } catch {
    return FAILED;
  }
}

/** It leaves these functions to the program around it. The arguments are checked when the text is read. */
const EXTENSIONS: FunctionDefinition[] = [
  { name: 'hashFiles', minArgs: 1, maxArgs: 255 },
  { name: 'success', minArgs: 0, maxArgs: 255 },
  { name: 'failure', minArgs: 0, maxArgs: 255 },
  { name: 'always', minArgs: 0, maxArgs: 0 },
  { name: 'cancelled', minArgs: 0, maxArgs: 0 },
].map((signature) => ({
  ...signature,
  call: () => {
    throw new Error('not available here');
  },
}));

function toData(value: JsonValue): ExpressionData {
  if (value === null) return new data.Null();
  if (typeof value === 'boolean') return new data.BooleanData(value);
  if (typeof value === 'number') return new data.NumberData(value);
  if (typeof value === 'string') return new data.StringData(value);
  return Array.isArray(value) ? new data.Array(...value.map(toData)) : dictionary(value);
}

function dictionary(object: Contexts): data.Dictionary {
  return new data.Dictionary(...Object.entries(object).map(([key, value]) => ({ key, value: toData(value) })));
}

function fromData(value: ExpressionData): JsonValue {
  switch (value.kind) {
    case data.Kind.Null:
      return null;
    case data.Kind.Array:
      return value.values().map(fromData);
    case data.Kind.Dictionary:
      return Object.fromEntries(value.pairs().map((pair) => [pair.key, fromData(pair.value)]));
    default:
      return value.value;
  }
}

function noNegativeZero(value: JsonValue): JsonValue {
  return value === 0 ? 0 : value;
}

/** Texts of the language, most of them well typed enough to have a value. */
function expressions(): fc.Arbitrary<string> {
  const literal = fc.constantFrom(
    ...['null', 'true', 'false', '0', '1', '2', '12', '-1', '1.5', '0xC', '1e1', 'NaN', 'Infinity'],
    ...["''", "'hello'", "'Hello'", "'ell'", "'a'", "'b'", "'12'", "' 12 '", "'k'", "'one'", "'it''s'", "'{0}-{1}'", "'ıI'", "'0xC'"],
  );
  const { node } = fc.letrec<{ node: string; path: string; call: string }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      literal,
      fc.constantFrom(...Object.keys(CONTEXTS.inputs as Contexts).map((key) => `inputs.${key}`)),
      { arbitrary: tie('path'), weight: 2 },
      { arbitrary: tie('call'), weight: 3 },
      { arbitrary: binary(tie('node')), weight: 3 },
      tie('node').map((inner) => `(${inner})`),
      tie('node').map((inner) => `!${inner}`),
    ),
    path: fc
      .tuple(
        fc.oneof(fc.constantFrom('inputs', 'INPUTS.list', 'inputs.object', 'steps', 'fromJSON(inputs.json)'), tie('call'), tie('node').map((n) => `(${n})`)),
        fc.array(
          fc.oneof(
            fc.constantFrom('.k', '.list', '.K', '.deep', '.outputs', '.*', '[*]', '[0]', "['k']", '[1]', '.none', '[6]', '.one'),
            tie('node').map((index) => `[${index}]`),
          ),
          { minLength: 1, maxLength: 4 },
        ),
      )
      .map(([base, steps]) => base + steps.join('')),
    call: fc.oneof(
      fc.tuple(fc.constantFrom('contains', 'STARTSWITH', 'endsWith'), tie('node'), tie('node')).map(([f, a, b]) => `${f}(${a}, ${b})`),
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => `join(${a}, ${b})`),
      fc.tuple(fc.constantFrom("'{0}'", "'{1} {{x}} {0}'", "'x'", "'{2}'"), tie('node'), tie('node')).map((args) => `format(${args.join(', ')})`),
      tie('node').map((inner) => `toJSON(${inner})`),
      tie('node').map((inner) => `fromJSON(toJSON(${inner}))`),
      fc.tuple(tie('node'), tie('node'), tie('node')).map(([c, a, b]) => `case(!(${c}), ${a}, ${b})`),
      fc.constantFrom(...KNOWN_FUNCTIONS).map((name) => `${name}(inputs.text)`),
    ),
  }));
  return node;
}

function binary(operand: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const operator = fc.constantFrom('&&', '||', '==', '!=', '<', '<=', '>', '>=');
  return fc.tuple(operand, operator, operand).map((parts) => parts.join(' '));
}
