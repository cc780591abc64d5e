import { describe, expect, it } from 'vitest';

import { rememberingTerms } from './terms-of.js';

const termsOf = rememberingTerms();

describe('terms of a text', () => {
  it.each([
    ['the retries of orderJobs', 'retry job orders'],
    ['ORDER_JOBS_BY_NEEDS', 'needs order job'],
    ['parseHTTPHeaders', 'parsing of HTTP header'],
    ['validation', 'validates'],
    ['cancelled', 'cancel'],
    ['writing files', 'write file'],
    ['Configuration', 'configured'],
    ['naïve café', 'naive cafe'],
  ])('%s is found by %s', (text, question) => {
    expect(termsOf(text)).toEqual(expect.arrayContaining(termsOf(question)));
    expect(termsOf(question).length).toBeGreaterThan(0);
  });

  it('keep an identifier whole beside its parts', () => {
    expect(termsOf('resolveInside')).toEqual(termsOf('resolve inside resolveinside'));
  });

  it('are pairs of characters where words are not set apart', () => {
    expect(termsOf('工作流引擎')).toEqual(['工作', '作流', '流引', '引擎']);
    expect(termsOf('工作流引擎')).toEqual(expect.arrayContaining(termsOf('引擎')));
  });

  it('leave out words that say nothing, and what is longer than any word', () => {
    expect(termsOf(`what is the ${'x'.repeat(65)}`)).toEqual([]);
  });
});
