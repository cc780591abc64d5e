import { describe, expect, it } from 'vitest';

import { formatDuration, parseDuration } from './duration.js';
import { durationSchema } from './duration-schema.js';
import { parseRunId, toIdempotencyKey, toRunId, toTicketId } from './ids.js';
import { formatUses, parseUses } from './uses.js';

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    [3, 3_000],
    [0.25, 250],
    ['0s', 0],
  ])('written as %j is %j ms', (written, ms) => {
    expect(durationSchema.safeParse(written).success).toBe(true);
    expect(parseDuration(written)).toBe(ms);
  });

  it.each(['', '5', '5 s', '-1s', '1d', 's', '1e3s', '٣s'])('is not %j', (written) => {
    expect(durationSchema.safeParse(written).success).toBe(false);
    expect(parseDuration(written)).toBeUndefined();
  });

  it.each([
    [0, '0ms'],
    [999, '999ms'],
    [1_250, '1.3s'],
    [65_000, '1m 05s'],
    [3_600_000, '1h 00m'],
    [9_000_000, '2h 30m'],
  ])('of %d ms is shown as %s', (ms, shown) => {
    expect(formatDuration(ms)).toBe(shown);
  });
});

describe('uses', () => {
  it.each([
    ['@kb-labs/commit-plugin/git:diff', { package: '@kb-labs/commit-plugin', command: 'git:diff' }],
    ['plain-plugin/a:b', { package: 'plain-plugin', command: 'a:b' }],
    ['@scope/name@^1.2/group:command-name', { package: '@scope/name', range: '^1.2', command: 'group:command-name' }],
    ['plain@1.0.0-rc.1/a:b', { package: 'plain', range: '1.0.0-rc.1', command: 'a:b' }],
  ])('reads %s and writes it back', (written, parts) => {
    const uses = parseUses(written);
    expect(uses).toEqual({ kind: 'plugin', ...parts });
    expect(uses && formatUses(uses)).toBe(written);
  });

  it.each([
    ['workflow://other.one', { kind: 'workflow', id: 'other.one' }],
    ['builtin:approval', { kind: 'builtin', name: 'approval' }],
    ['builtin:gate', { kind: 'builtin', name: 'gate' }],
    ['builtin:sleep', { kind: 'builtin', name: 'sleep' }],
    ['builtin:wait', { kind: 'builtin', name: 'wait' }],
  ])('reads %s and writes it back, too', (written, expected) => {
    const uses = parseUses(written);
    expect(uses).toEqual(expected);
    expect(uses && formatUses(uses)).toBe(written);
  });

  it.each(['', 'git:diff', '@kb-labs/git:diff', '@a/b/c', '@a/b/c:d:e', '@A/b/c:d', '../x/a:b', '@a/../c:d', '@a/b/C:d', '@a/b /c:d', 'workflow://', 'workflow://Other', 'workflow://a/b', 'workflow:other', 'builtin:run', 'builtin:Gate', 'builtin:other'])(
    'does not read %j',
    (written) => {
      expect(parseUses(written)).toBeUndefined();
    },
  );
});

describe('ids', () => {
  const runId = toRunId('01JZZZZZZZZZZZZZZZZZZZZZZZ');

  it('brands only what a run id looks like', () => {
    expect(parseRunId(runId)).toBe(runId);
    for (const text of ['', 'run_', 'run_01jzzzzzzzzzzzzzzzzzzzzzzz', `${runId}0`, `../${runId}`, 'run_0123456789012345678901234I']) {
      expect(parseRunId(text)).toBeUndefined();
    }
  });

  it('names a hand-out, and a step whatever try it is in', () => {
    expect(toTicketId({ runId, job: 'build', attempt: 2, turn: 1 })).toBe(`${runId}.build.2.1`);
    expect(toIdempotencyKey({ runId, job: 'build', attempt: 2, step: 'push' })).toBe(`${runId}.build.2.push`);
  });
});
