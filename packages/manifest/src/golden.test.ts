import { readdirSync, readFileSync } from 'node:fs';

import { type Diagnostic, formatUses } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { checkReferences, type CommandShape, readWorkflow } from './index.js';

const FOLDER = new URL('../../../tooling/fixtures/diagnostics/', import.meta.url);
const COMMANDS = readJson<Record<string, CommandShape>>('commands.json');

/** What a document must be told, in order. A field that is left out is not compared. */
type Expected = Pick<Diagnostic, 'code' | 'line' | 'column'> & Partial<Diagnostic>;

const documents = readdirSync(FOLDER).filter((name) => name !== 'commands.json' && !name.endsWith('.expected.json'));

describe('the golden documents', () => {
  it('are at least sixty, and most of them have several mistakes', () => {
    expect(documents.length).toBeGreaterThanOrEqual(60);
    expect(documents.filter((name) => expectedOf(name).length > 1).length).toBeGreaterThan(40);
  });

  it.each(documents)('%s is told exactly what is expected', (name) => {
    expect(differences(expectedOf(name), diagnose(name))).toEqual([]);
  });

  it.each(documents.filter((name) => expectedOf(name).length > 0))('%s: a changed expectation does not pass', (name) => {
    const actual = diagnose(name);
    const expected = expectedOf(name);
    const [first, ...rest] = expected;
    if (first === undefined) throw new Error('nothing is expected');
    const changes: Expected[][] = [
      [{ ...first, line: first.line + 1 }, ...rest],
      [{ ...first, column: first.column + 1 }, ...rest],
      [{ ...first, code: 'INTERNAL' }, ...rest],
      [{ ...first, hint: `${first.hint ?? ''}!` }, ...rest],
      rest,
      [...expected, first],
    ];
    for (const changed of changes) expect(differences(changed, actual)).not.toEqual([]);
  });
});

function diagnose(name: string): Diagnostic[] {
  const read = readWorkflow({ text: readFileSync(new URL(name, FOLDER), 'utf8'), file: name });
  if (!read.ok) return [...read.diagnostics];
  const { value } = read;
  const later = checkReferences(value.workflow, (uses) => COMMANDS[formatUses(uses)]).map((finding) => value.locate(finding));
  return [...read.diagnostics, ...later].toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function differences(expected: readonly Expected[], actual: readonly Diagnostic[]): string[] {
  const found = expected.flatMap((wanted, index) => {
    const diagnostic = actual[index];
    if (diagnostic === undefined) return [`missing: ${JSON.stringify(wanted)}`];
    const same = Object.entries(wanted).every(([field, value]) => diagnostic[field as keyof Diagnostic] === value);
    return same ? [] : [`expected ${JSON.stringify(wanted)}, found ${JSON.stringify(diagnostic)}`];
  });
  return [...found, ...actual.slice(expected.length).map((extra) => `not expected: ${JSON.stringify(extra)}`)];
}

function expectedOf(name: string): Expected[] {
  return readJson<Expected[]>(name.replace(/\.(yml|json)$/, '.expected.json'));
}

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as T;
}
