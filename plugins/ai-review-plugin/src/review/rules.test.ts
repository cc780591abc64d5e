import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { parseDiff } from '../diff/parse-diff.js';
import { RULE_IDS, type RuleId } from '../rules/catalog.js';
import type { Finding } from './finding.js';
import { reviewDiff } from './review-diff.js';

interface Case {
  readonly path: string;
  /** Credentials are written in parts, so that no scanner takes the corpus for a leak. */
  readonly line: string | readonly string[];
}

const positive = corpus<Case & { readonly rule: RuleId }>('positive.json');
const negative = corpus<Case>('negative.json');

describe('the rules, on lines that are wrong', () => {
  it.each(positive.map((row) => ({ ...row, shown: textOf(row).slice(0, 60) })))('$rule in $path: $shown', (row) => {
    const found = reviewed(row.path, textOf(row));
    expect(found.map(({ rule }) => rule)).toContain(row.rule);
    // What else a rule says about the line would be a false alarm.
    expect(new Set(found.map(({ rule }) => rule)).size).toBe(1);
  });

  it('find nothing once the rule is disabled', () => {
    for (const row of positive) {
      const rest = reviewed(row.path, textOf(row), new Set([row.rule]));
      expect(rest, textOf(row)).toEqual([]);
    }
  });

  it('see lines that are added, not lines that were there or are removed', () => {
    for (const row of positive) {
      expect(reviewed(row.path, textOf(row), new Set(), ' '), textOf(row)).toEqual([]);
      expect(reviewed(row.path, textOf(row), new Set(), '-'), textOf(row)).toEqual([]);
    }
  });
});

describe('the rules, on lines that are right', () => {
  it.each(negative.map((row) => ({ ...row, shown: textOf(row).slice(0, 60) })))('say nothing in $path: $shown', (row) => {
    expect(reviewed(row.path, textOf(row))).toEqual([]);
  });
});

it('keeps a corpus with a case for every rule about lines', () => {
  const aboutFiles = ['sensitive-file', 'large-file', 'large-change', 'binary-artifact'];
  expect(new Set(positive.map(({ rule }) => rule))).toEqual(new Set(RULE_IDS.filter((rule) => !aboutFiles.includes(rule))));
  expect(positive.length).toBeGreaterThanOrEqual(60);
  expect(negative.length).toBeGreaterThanOrEqual(60);
});

function corpus<Row extends Case>(file: string): readonly Row[] {
  return JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), 'utf8')) as Row[];
}

function textOf({ line }: Case): string {
  return typeof line === 'string' ? line : line.join('');
}

function reviewed(path: string, text: string, disabled: ReadonlySet<RuleId> = new Set(), mark = '+'): Finding[] {
  const lines = text.split('\n');
  const count = String(lines.length);
  const header = mark === ' ' ? `-1,${count} +1,${count}` : mark === '+' ? `-0,0 +1,${count}` : `-1,${count} +0,0`;
  const diff = `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ ${header} @@\n${lines.map((line) => `${mark}${line}\n`).join('')}`;
  const { files, problems } = parseDiff(diff);
  expect(problems).toEqual([]);
  expect(files).toHaveLength(1);
  const reviewing = reviewDiff(files, disabled);
  for (;;) {
    const step = reviewing.next();
    if (step.done === true) return step.value;
  }
}
