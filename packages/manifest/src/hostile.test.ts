import { readFileSync } from 'node:fs';

import { LIMITS } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { lexYaml } from './lex-yaml.js';
import { PROBLEM_CAP, TextProblems } from './located.js';
import { NOT_PRINTABLE } from './read-document.js';
import { readWorkflow } from './read-workflow.js';

type Part = string | { repeat: string; times: number } | { numbered: string; times: number } | { staircase: string; times: number };

interface Hostile {
  readonly id: string;
  readonly file: string;
  readonly generator: readonly Part[];
  readonly expect: 'reject' | 'bounded';
  readonly code?: string;
  readonly refusedBeforeParsing?: boolean;
}

const ENTRIES = JSON.parse(readFileSync(new URL('../../../tooling/fixtures/hostile/documents.json', import.meta.url), 'utf8')) as Hostile[];

describe('hostile documents', () => {
  it('are at least forty, each with a name of its own', () => {
    expect(ENTRIES.length).toBeGreaterThanOrEqual(40);
    expect(new Set(ENTRIES.map((entry) => entry.id)).size).toBe(ENTRIES.length);
  });

  it.each(ENTRIES.filter((entry) => entry.expect === 'reject'))('$id is refused with $code', (entry) => {
    const text = expand(entry.generator);
    const read = readWorkflow({ text, file: entry.file });
    expect(read.ok).toBe(false);
    expect(read.diagnostics.map((diagnostic) => diagnostic.code)).toContain(entry.code);
    expect(read.diagnostics.length).toBeLessThanOrEqual(PROBLEM_CAP);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    if (entry.refusedBeforeParsing === true) expect(isRefusedBeforeParsing(text)).toBe(true);
  });

  it.each(ENTRIES.filter((entry) => entry.expect === 'bounded'))('$id ends', (entry) => {
    expect(readWorkflow({ text: expand(entry.generator), file: entry.file }).diagnostics.length).toBeLessThanOrEqual(PROBLEM_CAP);
  });

  it('do not all pass the check that they never reach the parser: a plain document does not', () => {
    expect(isRefusedBeforeParsing('id: a\njobs: {}\n')).toBe(false);
  });

  it('the corpus has something for each of the limits', () => {
    const codes = new Set(ENTRIES.map((entry) => entry.code));
    for (const code of ['DOCUMENT_TOO_LARGE', 'DOCUMENT_TOO_DEEP', 'DOCUMENT_ALIAS', 'DOCUMENT_TAG', 'DUPLICATE_KEY', 'DOCUMENT_SYNTAX']) expect(codes).toContain(code);
  });
});

/** By its size, its characters, or when it is split into pieces of syntax: each of them linear and cheap. */
function isRefusedBeforeParsing(text: string): boolean {
  if (Buffer.byteLength(text) > LIMITS.documentBytes || NOT_PRINTABLE.test(text)) return true;
  return lexYaml(text, new TextProblems()).verdict !== 'readable';
}

function expand(parts: readonly Part[]): string {
  return parts.map(expandPart).join('').slice(0, 5 * LIMITS.documentBytes);
}

function expandPart(part: Part): string {
  if (typeof part === 'string') return part;
  if ('repeat' in part) return part.repeat.repeat(part.times);
  if ('numbered' in part) return Array.from({ length: part.times }, (_, index) => part.numbered.replaceAll('{i}', String(index))).join('');
  return Array.from({ length: part.times }, (_, index) => ' '.repeat(index) + part.staircase).join('');
}
