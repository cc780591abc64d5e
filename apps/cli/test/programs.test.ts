import { readFileSync, statSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

const program = (name: string): URL => new URL(`../dist/${name}.cjs`, import.meta.url);

/** What only readers of schemas, of YAML and of calendars say. */
const WORDS = ['ZodMini', 'CronPattern: ', 'Nested mappings are not allowed'];

describe('the program that every command loads', () => {
  it('has nothing that reads schemas, documents or calendars: a run of a document that was checked before does without', () => {
    const saidBy = (name: string): string[] => WORDS.filter((word) => readFileSync(program(name), 'utf8').includes(word));
    expect(saidBy('main')).toEqual([]);
    expect(saidBy('apart')).toEqual(WORDS);
  });

  it('stays small, for all of it is read before anything is done', () => {
    expect(statSync(program('main')).size).toBeLessThan(430_000);
  });
});
