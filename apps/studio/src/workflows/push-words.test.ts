import { describe, expect, it } from 'vitest';

import { pushWords } from './push-words.js';

const none = { branches: null, branchesIgnore: null, tags: null, tagsIgnore: null, paths: null, pathsIgnore: null };

describe('the filters of pushes in words', () => {
  it.each([
    [none, ['To every branch.']],
    [{ ...none, branches: ['main', 'release/*'], paths: ['src/**'] }, ['To each branch that fits main or release/*.', 'Only when a file changes that fits src/**.']],
    [{ ...none, branchesIgnore: ['wip/*'], tags: ['v*'] }, ['To every branch, but none that fits wip/*.', 'Of each tag that fits v*.']],
    [{ ...none, tags: ['v*'], pathsIgnore: ['docs/**'] }, ['Of each tag that fits v*.', 'Not when all files that change fit docs/**.']],
  ])('%j', (push, sentences) => {
    expect(pushWords(push)).toEqual(sentences);
  });
});
