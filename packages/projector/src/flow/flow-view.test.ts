import { readFileSync } from 'node:fs';

import { FLOW_RULES, type FlowRule, playbookManifestSchema } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { type FlowCase, namedText, sourceOf } from './flow.fixture.js';
import { judgeFlow, RULES } from './flow-rules.js';
import { factsOfFlow, toFlowView } from './flow-view.js';

const read = (name: string): FlowCase[] => JSON.parse(readFileSync(new URL(`../../../../tooling/fixtures/flows/${name}.json`, import.meta.url), 'utf8')) as FlowCase[];
const chosen = read('chosen');
const pairs = read('pairs');

describe('the golden flows', () => {
  it.each([...pairs, ...chosen])('$name', (one) => {
    expect(shown(one)).toEqual({ status: one.status, reasons: one.reasons, ...one.view });
  });
});

describe('the data of the golden flows', () => {
  const all = [...pairs, ...chosen];

  it('has at least 120 cases, all with a name of their own', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    expect(all.length).toBeGreaterThanOrEqual(120);
  });

  it('names rules in their order, and the status of the first', () => {
    for (const { name, status, reasons } of all) {
      const places = reasons.map((rule) => FLOW_RULES.indexOf(rule as FlowRule));
      expect(places, name).not.toContain(-1);
      expect(places, name).toEqual(places.toSorted((a, b) => a - b));
      expect(status, name).toBe(STATUS[places[0] ?? -1]);
    }
  });

  it('has playbooks that could be written', () => {
    for (const one of all) expect(playbookManifestSchema.safeParse(sourceOf(one).manifest).success, one.name).toBe(true);
  });

  it('has each rule as the first', () => {
    const firsts = new Set(all.map(({ reasons }) => reasons[0]));
    expect(FLOW_RULES.filter((rule) => !firsts.has(rule))).toEqual([]);
  });
});

describe('the order of the rules', () => {
  it('is the one that is published', () => {
    expect(RULES.map(({ rule }) => rule)).toEqual(FLOW_RULES);
  });

  // Whether a run is there, and what became of it, exclude each other.
  const exclusive = ['no-run root-missing', 'root-missing run-failed'];
  it.each(FLOW_RULES.slice(1).map((rule, index) => [FLOW_RULES[index], rule] as const).filter((two) => !exclusive.includes(two.join(' '))))('shows when %s and %s change places', (first, second) => {
    const at = RULES.findIndex(({ rule }) => rule === first);
    const [a, b] = RULES.slice(at, at + 2);
    if (a === undefined || b === undefined) throw new Error(`${String(first)} and ${second} are no neighbours`);
    const swapped = RULES.toSpliced(at, 2, b, a);
    const red = [...pairs, ...chosen].filter((one) => {
      const judged = judgeFlow(factsOfFlow(sourceOf(one)), swapped);
      return judged.status !== one.status || judged.reasons[0]?.rule !== one.reasons[0];
    });
    expect(red.length).toBeGreaterThan(0);
  });
});

const STATUS = ['cancelled', 'pending', 'unknown', 'failed', 'failed', 'failed', 'cancelled', 'cancelled', 'waiting', 'running', 'interrupted', 'interrupted', 'waiting', 'succeeded'];

function shown(one: FlowCase): unknown {
  const view = toFlowView(sourceOf(one));
  const names = [...new Set([...Object.keys(one.runs), 'root'])];
  const fields = Object.keys(one.view ?? {}).map((path) => [path, path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], view)]);
  return namedText({ status: view.status, reasons: view.reasons.map(({ rule }) => rule), ...Object.fromEntries(fields) }, names);
}
