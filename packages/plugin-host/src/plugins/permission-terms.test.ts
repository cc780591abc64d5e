import { describe, expect, it } from 'vitest';

import { diffPermissions, permissionTerms } from './permission-terms.js';

describe('permissions in words', () => {
  it('says each of them', () => {
    expect(
      permissionTerms({ shell: ['git'], network: ['*', 'a.example'], fs: { read: ['**'], write: ['dist/**'] }, env: ['CI'], secrets: ['TOKEN'], services: ['llm', 'storage'], quotas: { requests: 3, storage: '1MiB' } }),
    ).toEqual([
      'start the program git',
      'reach any public host',
      'reach a.example',
      'read the files **',
      'write the files dist/**',
      'see the variable CI',
      'be given the secret TOKEN',
      'ask the language model',
      'keep data of its own',
      'at most 3 of requests in a step',
      'at most 1MiB of kept data in a step',
    ]);
    expect(permissionTerms({ shell: true })).toEqual(['start any program']);
    expect(permissionTerms({ shell: false })).toEqual([]);
  });
});

describe('what is asked for beyond what was granted', () => {
  const of = (permissions: Parameters<typeof permissionTerms>[0]) => ({ 'a:b': permissions });
  it.each([
    ['the same', { shell: ['git'] }, { shell: ['git'] }, [], []],
    ['one host more', { network: ['a'] }, { network: ['a', 'b'] }, ['a:b: reach b'], []],
    ['a program where any was granted', { shell: true }, { shell: ['git'] }, [], ['a:b: start any program']],
    ['any program where one was granted', { shell: ['git'] }, { shell: true }, ['a:b: start any program'], []],
    ['a higher quota', { quotas: { requests: 3 } }, { quotas: { requests: 4 } }, ['a:b: at most 4 of requests in a step'], []],
    ['a lower quota', { quotas: { storage: '1MiB' } }, { quotas: { storage: 1_048_575 } }, [], ['a:b: at most 1MiB of kept data in a step']],
    ['a quota that is gone', { quotas: { programs: 1 } }, {}, ['a:b: no limit of programs started'], []],
  ] as const)('%s', (_, granted, asked, more, less) => {
    expect(diffPermissions(of(granted as never), of(asked as never))).toEqual({ more, less });
  });

  it('counts a new command, also one that asks for nothing, and one called like a member of every object', () => {
    expect(diffPermissions({}, { 'a:b': {} }).more).toEqual(['a:b: the command itself']);
    expect(diffPermissions({}, { 'constructor': { shell: true } }).more).toEqual(['constructor: the command itself', 'constructor: start any program']);
    expect(diffPermissions({ 'a:b': {} }, {}).less).toEqual(['a:b: the command itself']);
  });
});
