// Puts GitHub's own expression library and this package before the same questions and prints the answers.
//   pnpm build && node packages/expressions/bench/measure.mjs
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';

import { evaluate, parseExpression } from '@kb-labs/expressions';

/** @type {(value: any) => any} */
const toData = (value) => {
  if (value === null) return new data.Null();
  if (typeof value === 'string') return new data.StringData(value);
  if (typeof value === 'number') return new data.NumberData(value);
  if (typeof value === 'boolean') return new data.BooleanData(value);
  if (Array.isArray(value)) return value.reduce((list, item) => (list.add(toData(item)), list), new data.Array());
  return new data.Dictionary(...Object.keys(value).map((key) => ({ key, value: toData(value[key]) })));
};

/** @typedef {(source: string, contexts: Record<string, any>) => unknown} Engine */

/** @type {Engine} */
const github = (source, contexts) => {
  const tree = new Parser(new Lexer(source).lex().tokens, Object.keys(contexts), []).parse();
  return JSON.parse(JSON.stringify(new Evaluator(tree, toData(contexts)).evaluate(), data.replacer) ?? 'null');
};

/** @type {Engine} */
const ours = (source, contexts) => {
  const parsed = parseExpression(source);
  if (!parsed.ok) throw new Error(`${parsed.problem.message} (at ${parsed.problem.offset})`);
  return evaluate(parsed.expression, { contexts });
};

/** @type {(text: string, length?: number) => string} */
const cut = (text, length = 76) => (text.length > length ? `${text.slice(0, length)}… (${text.length} characters)` : text);

/** @type {(engine: Engine, source: string, contexts: Record<string, any>) => string} */
const attempt = (engine, source, contexts) => {
  const start = performance.now();
  let answer;
  try {
    answer = cut(JSON.stringify(engine(source, contexts)));
  } catch (error) {
    answer = error instanceof Error ? `${error.constructor.name}: ${cut(error.message)}` : String(error);
  }
  return `${(performance.now() - start).toFixed(1).padStart(8)} ms  ${answer}`;
};

/** @type {(question: string, source: string, contexts?: Record<string, any>) => void} */
const ask = (question, source, contexts = { inputs: {} }) => {
  console.log(`\n${question}`);
  console.log(`  GitHub's  ${attempt(github, source, contexts)}`);
  console.log(`  ours      ${attempt(ours, source, contexts)}`);
};

ask('64 KiB of text: one string', `'${'x'.repeat(65_534)}'`);
ask('64 KiB of text: 682 comparisons', `${`inputs.name == '${'else '.repeat(14)}' || `.repeat(682)}inputs.name`, { inputs: { name: 'x' } });
ask('20 KB of text: 588 comparisons', `${"inputs.name == 'somebody else' || ".repeat(588)}true`, { inputs: { name: 'x' } });
ask('64 parentheses', `${'('.repeat(64)}1${')'.repeat(64)}`);
ask('65 parentheses', `${'('.repeat(65)}1${')'.repeat(65)}`);
ask('a call of "constructor"', 'constructor(inputs)');
ask('a property "constructor" that is data', 'inputs.constructor', { inputs: { constructor: 'mine' } });
ask('a property "constructor" that is not there', 'inputs.constructor');
ask('two escaped quotes', "'a''b''c'");
ask('a list of 200,000 numbers from JSON', 'join(fromJSON(inputs.list), \'\')', { inputs: { list: `[${'1,'.repeat(199_999)}1]` } });
ask('text that is not JSON', 'fromJSON(inputs.token)', { inputs: { token: 'hunter2-is-my-password' } });
ask('format that repeats 1 MiB 64 times', `format('${'{0}'.repeat(64)}', inputs.big)`, { inputs: { big: 'x'.repeat(2 ** 20) } });
ask('format with more than a number in the braces', "format('{0 or else}', 1)");
ask('a comma after the last argument', "contains('ab', 'a',)");
ask('an error in a branch of case that is not chosen', "case(true, 1, fromJSON('{'))");
ask('contains, 4 Ki characters in 512 Ki characters', 'contains(inputs.text, inputs.part)', {
  inputs: { text: `${'a'.repeat(4_096)}c`.repeat(128), part: `${'a'.repeat(2_048)}b${'a'.repeat(2_048)}` },
});
ask('nothing to read', '');
ask('a mistake in the middle', 'inputs.one == "two"');

console.log('\nparse and evaluate, least of 25 in milliseconds: 16, 32 and 64 KiB, and the last by the one before');
/** @type {(act: () => void) => number} */
const least = (act) => {
  const times = Array.from({ length: 25 }, () => {
    const start = performance.now();
    act();
    return performance.now() - start;
  });
  return Math.min(...times);
};
const KiB = 1_024;
/** @type {Record<string, (n: number) => string>} */
const shapes = {
  'one string': (n) => `'${'x'.repeat(n - 2)}'`,
  'quotes': (n) => `'${"''".repeat((n - 2) / 2)}'`,
  'long comparisons': (n) => `${`inputs.name == '${'else '.repeat(14)}' || `.repeat(n / 96)}inputs.name`,
  'calls with paths': (n) => `${`contains(inputs.name, '${'else '.repeat(14)}') || `.repeat(n / 104)}inputs.name`,
  'one format': (n) => `format('${'{0} and '.repeat((n - 30) / 8)}', inputs.name)`,
};
for (const [name, shape] of Object.entries(shapes)) {
  const time = (/** @type {number} */ size) => least(() => ours(shape(size * KiB), { inputs: { name: 'somebody' } }));
  time(64);
  const [a, b, c] = [time(16), time(32), time(64)];
  console.log(`  ${name.padEnd(18)} ${[a, b, c].map((ms) => ms.toFixed(2).padStart(7)).join(' ')}   ×${(c / b).toFixed(2)}`);
}
