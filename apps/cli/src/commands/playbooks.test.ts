import { describe, expect, it } from 'vitest';

import { parseEvidence } from './playbooks.js';

describe('--evidence-refs-json', () => {
  it('is a list of references', () => {
    expect(parseEvidence('[{"kind":"review","id":"PR-12"},{"kind":"artifact","id":"notes.md","description":"the notes"}]')).toHaveLength(2);
  });

  it.each([
    ['{"kind":"review","id":"PR-12"}', 'takes a JSON list'],
    ['[{"kind":"review"', 'is not JSON'],
    ['["PR-12"]', 'number 1 is no reference: it is no object'],
    ['[{"kind":"review","id":"PR-12"},{"kind":"review"}]', 'number 2 is no reference: it has no "id"'],
    ['[{"id":"PR-12"}]', 'it has no "kind"'],
    ['[{"kind":"review","id":"PR-12","by":"ada"}]', 'it cannot have "by"'],
    ['[{"kind":"review","id":12}]', 'its values are not accepted'],
  ])('says of %s what does not fit', (written, problem) => {
    expect(() => parseEvidence(written)).toThrow(problem);
  });
});
