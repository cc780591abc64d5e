import type { Permissions } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { grantOf, toGrant } from './grant.js';

type Act = (grant: ReturnType<typeof toGrant>) => unknown;
const run = (program: string): Act => (grant) => grant.requireProgram(program);
const reach = (host: string): Act => (grant) => grant.requireHost(host);
const read = (path: string): Act => (grant) => grant.requireRead(path);
const write = (path: string): Act => (grant) => grant.requireWrite(path);

const CASES: readonly (readonly [string, Permissions, Permissions, Act, string | undefined])[] = [
  ['nothing declared denies programs', {}, {}, run('git'), 'shell: [git]'],
  ['a grant does not add to what is declared', {}, { shell: true }, run('git'), 'shell: [git]'],
  ['false is nothing', { shell: false }, {}, run('git'), 'shell: [git]'],
  ['a declared list', { shell: ['git'] }, {}, run('git'), undefined],
  ['a program not in the list', { shell: ['git'] }, {}, run('gitk'), 'shell: [gitk]'],
  ['a path is not the name', { shell: ['git'] }, {}, run('/usr/bin/git'), 'shell: [/usr/bin/git]'],
  ['all programs', { shell: true }, {}, run('anything'), undefined],
  ['all, narrowed by the document', { shell: true }, { shell: ['git'] }, run('node'), 'shell: [node]'],
  ['a list within a list', { shell: ['git', 'node'] }, { shell: ['node', 'sh'] }, run('node'), undefined],
  ['forbidden by the document', { shell: ['git'] }, { shell: false }, run('git'), 'shell: [git]'],
  ['a document that names another kind', { shell: ['git'] }, { network: [] }, run('git'), undefined],
  ['a host', { network: ['api.example.com'] }, {}, reach('api.example.com'), undefined],
  ['hosts without case', { network: ['API.example.com'] }, {}, reach('api.example.com'), undefined],
  ['another host', { network: ['api.example.com'] }, {}, reach('example.com'), 'network: [example.com]'],
  ['a sub-domain', { network: ['*.example.com'] }, {}, reach('a.b.example.com'), undefined],
  ['not the domain itself', { network: ['*.example.com'] }, {}, reach('example.com'), 'network: [example.com]'],
  ['not a look-alike', { network: ['*.example.com'] }, {}, reach('evilexample.com'), 'network: [evilexample.com]'],
  ['not a longer one', { network: ['*.example.com'] }, {}, reach('a.example.com.evil.net'), 'network: [a.example.com.evil.net]'],
  ['every host', { network: ['*'] }, {}, reach('example.org'), undefined],
  ['every host, narrowed', { network: ['*'] }, { network: ['*.example.com'] }, reach('example.org'), 'network: [example.org]'],
  ['no host', { network: ['*'] }, { network: [] }, reach('example.org'), 'network: [example.org]'],
  ['reading by glob', { fs: { read: ['src/**'] } }, {}, read('src/a/b.ts'), undefined],
  ['reading elsewhere', { fs: { read: ['src/**'] } }, {}, read('.env'), 'fs.read: [.env]'],
  ['reading is not writing', { fs: { read: ['**'] } }, {}, write('a'), 'fs.write: [a]'],
  ['a document that names only reading forbids writing', { fs: { read: ['**'], write: ['**'] } }, { fs: { read: ['**'] } }, write('a'), 'fs.write: [a]'],
  ['both globs have to fit', { fs: { read: ['src/**'] } }, { fs: { read: ['**/*.ts'] } }, read('src/a.ts'), undefined],
  ['one glob alone is not enough', { fs: { read: ['src/**'] } }, { fs: { read: ['**/*.ts'] } }, read('src/a.md'), 'fs.read: [src/a.md]'],
];

describe('what a step may do', () => {
  it.each(CASES)('%s', (_name, declared, granted, act, denied) => {
    const grant = toGrant(declared, granted);
    if (denied === undefined) expect(() => act(grant)).not.toThrow();
    else expect(() => act(grant)).toThrow(expect.objectContaining({ code: 'PERMISSION_DENIED', details: expect.objectContaining({ permission: denied }) as object }) as Error);
  });

  it('says whose no it is', () => {
    expect(() => toGrant({}, { shell: true }).requireProgram('git')).toThrow(expect.objectContaining({ hint: 'the command does not declare it' }) as Error);
    expect(() => toGrant({ shell: true }, { shell: false }).requireProgram('git')).toThrow(expect.objectContaining({ hint: expect.stringContaining('document') as string }) as Error);
  });

  it('reaches private addresses only for a host written out', () => {
    expect(toGrant({ network: ['localhost'] }, {}).requireHost('localhost')).toBe('any-address');
    expect(toGrant({ network: ['*'] }, {}).requireHost('localhost')).toBe('public-address');
    expect(toGrant({ network: ['*'] }, { network: ['localhost'] }).requireHost('localhost')).toBe('any-address');
    expect(toGrant({ network: ['*.internal'] }, {}).requireHost('db.internal')).toBe('public-address');
  });

  it('lets see the variables that both name', () => {
    expect(toGrant({ env: ['A', 'B'] }, {}).envNames).toEqual(['A', 'B']);
    expect(toGrant({ env: ['A', 'B'] }, { env: ['B', 'C'] }).envNames).toEqual(['B']);
    expect(toGrant({}, { env: ['A'] }).envNames).toEqual([]);
  });
});

it('is made once for the same command and the same permissions, and for no others', () => {
  const [declared, granted] = [{ network: ['*'] }, { network: ['a.example.com'] }];
  expect(grantOf(declared, granted)).toBe(grantOf(declared, granted));
  expect(() => grantOf(declared, granted).requireHost('b.example.com')).toThrow('b.example.com');
  expect(grantOf(declared, { network: ['b.example.com'] }).requireHost('b.example.com')).toBe('any-address');
  expect(() => grantOf({ network: [] }, granted).requireHost('a.example.com')).toThrow('a.example.com');
});
