import { readdirSync, readFileSync } from 'node:fs';

import type { JsonValue } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import { describe, expect, it } from 'vitest';

import { evaluate, parseExpression } from './index.js';

interface Golden {
  readonly contexts: Record<string, JsonValue>;
  readonly cases: readonly { expression: string; value?: JsonValue; error?: string; offset?: number }[];
}

const folder = new URL('../../../tooling/fixtures/expressions/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

describe.each(files)('the golden table %s', (file) => {
  const golden = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden;

  it.each(golden.cases)('$expression', ({ expression, value, error, offset }) => {
    const parsed = parseExpression(expression);
    if (!parsed.ok) {
      expect({ error: parsed.problem.code, offset: parsed.problem.offset }).toEqual({ error, offset });
      return;
    }
    if (error === undefined) {
      expect(evaluate(parsed.expression, { contexts: golden.contexts })).toEqual(value);
      return;
    }
    expect(outcome(() => evaluate(parsed.expression, { contexts: golden.contexts }))).toBe(error);
  });
});

it('the golden tables have at least 500 rows', () => {
  const rows = files.flatMap((file) => (JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden).cases);
  expect(rows.length).toBeGreaterThanOrEqual(500);
});

function outcome(act: () => JsonValue): unknown {
  try {
    return act();
  } catch (thrown) {
    return hasCode(thrown, 'EXPRESSION_FAILED') ? 'EXPRESSION_FAILED' : thrown;
  }
}
