import type { Diagnostic } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { createStyle } from '../terminal/style.js';
import { textWidth } from '../terminal/text-width.js';
import { countDiagnostics, renderDiagnostics } from './diagnostics.js';
import { renderJobGraph } from './job-graph.js';
import { renderTable } from './table.js';
import { formatAge } from './times.js';

const plain = createStyle(false);

describe('renderDiagnostics', () => {
  const diagnostic: Diagnostic = { code: 'UNKNOWN_KEY', severity: 'error', message: 'unknown key "neeeds"', hint: 'did you mean "needs"?', file: 'a.yml', line: 2, column: 5, path: 'jobs.a' };

  it('shows the line with a mark under the place', () => {
    const lines = renderDiagnostics([diagnostic], { style: plain, columns: 80, textOf: () => 'id: a\n\u65e5  neeeds: [b]\n' });
    expect(lines).toEqual(['a.yml:2:5 error UNKNOWN_KEY unknown key "neeeds"', '  2 | \u65e5  neeeds: [b]', '           ^', '  hint: did you mean "needs"?']);
  });

  it('does without a text, and with a place beyond the edge', () => {
    expect(renderDiagnostics([diagnostic], { style: plain, columns: 80, textOf: () => undefined })).toHaveLength(2);
    expect(renderDiagnostics([{ ...diagnostic, column: 500 }], { style: plain, columns: 80, textOf: () => `\n${'x'.repeat(600)}` })).toHaveLength(2);
  });

  it('counts errors and warnings', () => {
    const warning: Diagnostic = { ...diagnostic, severity: 'warning' };
    expect(countDiagnostics([diagnostic])).toBe('1 error');
    expect(countDiagnostics([diagnostic, diagnostic, warning])).toBe('2 errors and 1 warning');
    expect(countDiagnostics([warning])).toBe('1 warning');
  });
});

describe('renderJobGraph', () => {
  it('puts jobs that can run side by side on one line', () => {
    const jobs = [
      { key: 'build', needs: [] },
      { key: 'lint', needs: [] },
      { key: 'test', needs: ['build'] },
      { key: 'deploy', needs: ['test', 'lint'] },
    ];
    expect(renderJobGraph(jobs)).toEqual(['  1  build   lint', '  2  test ← build', '  3  deploy ← test, lint']);
  });
});

describe('renderTable', () => {
  it('aligns columns by what is seen', () => {
    const rows = [
      ['a', '\u001b[32mok\u001b[39m', 'x'],
      ['日本', 'failed', 'y'],
    ];
    expect(renderTable(rows, { header: ['ID', 'STATE', 'Z'], columns: 80, paintHeader: (text) => text })).toEqual(['ID    STATE   Z', 'a     \u001b[32mok\u001b[39m      x', '日本  failed  y']);
  });

  it('takes width from the widest column when there is too little', () => {
    const lines = renderTable([['x'.repeat(100), 'short']], { header: ['A', 'B'], columns: 40, paintHeader: (text) => text });
    expect(Math.max(...lines.map(textWidth))).toBe(40);
    expect(lines[1]).toMatch(/x…  short$/);
  });
});

describe('formatAge', () => {
  it.each([
    [5_000, '5s ago'],
    [65_000, '1m ago'],
    [7_300_000, '2h ago'],
    [90_000_000, '1d ago'],
    [-5, '0s ago'],
  ])('of %d ms', (age, expected) => {
    expect(formatAge(new Date(0).toISOString(), age)).toBe(expected);
  });
});
