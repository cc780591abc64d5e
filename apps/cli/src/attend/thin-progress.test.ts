import type { LogLine } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { thinProgress } from './thin-progress.js';

describe('progress where nothing can be redrawn', () => {
  it('is told by the first and the last percent, and every ten between them', () => {
    const texts = Array.from({ length: 101 }, (_, percent) => `${String(percent)} %`);
    expect(shown(texts.map((text) => line({ text })))).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map((percent) => `${String(percent)} %`));
    expect(shown(['95 % lint', '99 % lint', '100 % lint', '100 % done'].map((text) => line({ text })))).toEqual(['95 % lint', '100 % lint']);
  });

  it('is told again after five seconds', () => {
    expect(shown([line({ text: '1 % a', at: 0 }), line({ text: '1 % b', at: 4_999 }), line({ text: '2 % c', at: 5_000 }), line({ text: '2 % d', at: 9_999 })])).toEqual(['1 % a', '2 % c']);
  });

  it('is told of each step by itself, and from the start when one begins again', () => {
    const lines = [line({ text: '50 %' }), line({ text: '51 %', step: 'other' }), line({ text: '52 %' }), line({ text: '3 %' }), line({ text: '4 %' })];
    expect(shown(lines)).toEqual(['50 %', '51 %', '3 %']);
  });

  it('leaves all that only looks like it', () => {
    const said = [line({ text: '1 %', stream: 'stdout', level: 'info' }), line({ text: '2 %', stream: 'log', level: 'debug' }), line({ text: '3 %', level: 'warn' }), line({ text: 'took 4 %' }), line({ text: '5 %done' })];
    expect(shown([...said, ...said])).toHaveLength(10);
  });
});

function shown(lines: readonly LogLine[]): string[] {
  return lines.filter(thinProgress()).map(({ text }) => text);
}

function line(over: Partial<LogLine>): LogLine {
  return { job: 'build', step: 'make', attempt: 1, n: 1, at: 0, stream: 'engine', level: 'debug', text: '', ...over };
}
