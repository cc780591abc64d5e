import { readFileSync } from 'node:fs';

import type { JsonObject } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { decideGate, type GateDecision } from './decide-gate.js';

interface GateCase {
  readonly case: string;
  readonly with: JsonObject;
  /** 1 when left out. */
  readonly iteration?: number;
  readonly route: GateDecision;
}

const table = JSON.parse(readFileSync(new URL('../../../tooling/fixtures/gates/decisions.json', import.meta.url), 'utf8')) as GateCase[];

describe('decideGate', () => {
  it.each(table)('$case', (row) => {
    expect(decideGate(row.with, row.iteration ?? 1)).toEqual(row.route);
  });

  it('has a row for each way it can lead', () => {
    expect(new Set(table.map((row) => row.route.route))).toEqual(new Set(['continue', 'fail', 'restart', 'exhausted', 'invalid']));
  });

  it('cuts a long decision and a long list of routes', () => {
    const routes = Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`r${n}`, 'continue']));
    const decision = decideGate({ decision: 'x'.repeat(5_000), routes }, 1);
    expect(decision).toMatchObject({ route: 'fail', problem: expect.stringMatching(/^no route for "x{100}…", only for "r0", .*"r19" and 5 more$/) as string });
  });
});
