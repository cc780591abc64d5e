import { AppError } from '@kb-labs/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { OptionSpecs, PositionalSpec } from './command-spec.js';
import { parseArgs } from './parse-args.js';

const specs: OptionSpecs = {
  base: { type: 'string', describe: '' },
  field: { type: 'string', short: 'f', multiple: true, describe: '' },
  limit: { type: 'integer', describe: '' },
  ratio: { type: 'number', describe: '' },
  follow: { type: 'boolean', short: 'F', describe: '' },
  level: { type: 'string', choices: ['low', 'high'], describe: '' },
};
const files: PositionalSpec = { name: 'FILE', describe: '', multiple: true };

function problemOf(tokens: readonly string[], own: OptionSpecs = specs, positional?: PositionalSpec): string {
  try {
    parseArgs(tokens, own, positional);
  } catch (error) {
    if (error instanceof AppError && error.code === 'USAGE') return `${error.message} | ${error.hint ?? ''}`;
    throw error;
  }
  return 'accepted';
}

describe('parseArgs', () => {
  it.each([
    [['--base=main'], { base: 'main' }],
    [['--base', 'main'], { base: 'main' }],
    [['--base='], { base: '' }],
    [['--base', '--follow'], { base: '--follow' }],
    [['--base=a=b'], { base: 'a=b' }],
    [['-f', 'a=1', '-fb=2', '--field=c=3'], { field: ['a=1', 'b=2', 'c=3'] }],
    [['--limit', '-5'], { limit: -5 }],
    [['--ratio=0.5'], { ratio: 0.5 }],
    [['--follow'], { follow: true }],
    [['-F'], { follow: true }],
    [['--follow=false'], { follow: false }],
    [['--level=low'], { level: 'low' }],
    [[], { base: undefined, field: [], follow: false }],
  ])('reads %j', (tokens, expected) => {
    expect(parseArgs(tokens, specs).options).toMatchObject(expected);
  });

  it('takes everything after -- as arguments', () => {
    expect(parseArgs(['a', '--', '--base', '-x'], specs, files).rest).toEqual(['a', '--base', '-x']);
  });

  it('takes a single dash as an argument', () => {
    expect(parseArgs(['-'], specs, files).rest).toEqual(['-']);
  });

  it.each([
    [['--bsae=x'], 'unknown option "--bsae" | did you mean "--base"?'],
    [['-q'], 'unknown option "-q" | known: --base, --field, --limit, --ratio, --follow, --level'],
    [['-Fx'], 'unknown option "-Fx" | known: --base, --field, --limit, --ratio, --follow, --level'],
    [['--__proto__=x'], 'unknown option "--__proto__" | known: --base, --field, --limit, --ratio, --follow, --level'],
    [['--base'], '--base needs a value | add --help to see how the command is used'],
    [['--base=a', '--base=b'], '--base is given twice | add --help to see how the command is used'],
    [['--limit=1.5'], '--limit takes a whole number, not "1.5" | add --help to see how the command is used'],
    [['--limit='], '--limit takes a whole number, not "" | add --help to see how the command is used'],
    [['--ratio=much'], '--ratio takes a number, not "much" | add --help to see how the command is used'],
    [['--follow=maybe'], '--follow takes no value but true or false, not "maybe" | add --help to see how the command is used'],
    [['--level=hihg'], '--level cannot be "hihg" | did you mean "high"?'],
    [['stray'], 'unexpected argument "stray" | add --help to see how the command is used'],
  ])('refuses %j', (tokens, problem) => {
    expect(problemOf(tokens)).toBe(problem);
  });

  it('refuses a second argument where one is expected, and a missing one', () => {
    const one: PositionalSpec = { name: 'ID', describe: '', required: true };
    expect(problemOf(['a', 'b'], {}, one)).toContain('unexpected argument "b"');
    expect(problemOf([], {}, one)).toContain('ID is missing');
    expect(problemOf([], { id: { type: 'string', required: true, describe: '' } })).toContain('--id is missing');
    expect(problemOf(['x'], {}, { ...one, choices: ['bash'] })).toContain('ID cannot be "x"');
  });

  it('answers or refuses as bad use whatever is typed, and never breaks', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('--', '-', '--base', '--follow', '--limit=1', '-f', '-fx', '--=', '--constructor', '--level=low'),
    );
    let refused = 0;
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (tokens) => {
        if (problemOf(tokens, specs, files) !== 'accepted') refused += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(refused).toBeGreaterThan(0);
  });
});
