import { describe, expect, it } from 'vitest';

import { lineLogger } from './line-logger.js';

describe('lineLogger', () => {
  it('writes one JSON object a line', () => {
    const lines: string[] = [];
    lineLogger('info', (line) => lines.push(line), () => 0).warn('two\nlines', { run: 'r' });
    expect(lines).toEqual(['{"at":"1970-01-01T00:00:00.000Z","level":"warn","message":"two\\nlines","run":"r"}\n']);
  });

  it('leaves out what is below its level', () => {
    const lines: string[] = [];
    const logger = lineLogger('error', (line) => lines.push(line), () => 0);
    logger.debug('a');
    logger.info('b');
    logger.warn('c');
    expect(lines).toEqual([]);
    logger.error('d');
    expect(lines).toHaveLength(1);
  });

  it('is quiet when told to be', () => {
    const lines: string[] = [];
    lineLogger('silent', (line) => lines.push(line), () => 0).error('x');
    expect(lines).toEqual([]);
  });
});
