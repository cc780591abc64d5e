import { describe, expect, it } from 'vitest';

import { parsePackageSpec } from './package-spec.js';

describe('what can be added', () => {
  it.each([
    ['left', { kind: 'package', name: 'left' }],
    ['@acme/left', { kind: 'package', name: '@acme/left' }],
    ['@acme/left@^1.2', { kind: 'package', name: '@acme/left', range: '^1.2' }],
    ['left@>=1 <2 || 3', { kind: 'package', name: 'left', range: '>=1 <2 || 3' }],
    ['left@next', { kind: 'package', name: 'left', range: 'next' }],
    ['.', { kind: 'folder', path: '.' }],
    ['../left', { kind: 'folder', path: '../left' }],
    ['/opt/left', { kind: 'folder', path: '/opt/left' }],
  ])('%s', (written, spec) => {
    expect(parsePackageSpec(written)).toEqual(spec);
  });

  it.each(['', '@', '@acme', '@acme/', 'a/b', '-g', '--global', '@-a/b', 'Left', 'left@', 'left@-g', 'left@file:../x', 'left@npm:right', 'left@https://example.com/x.tgz', 'git+ssh://example.com/x', 'github:a/b', 'left\n', 'left@1\n--global', 'a b', '..left', '__proto__'])(
    'refuses %j',
    (written) => {
      expect(() => parsePackageSpec(written)).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
    },
  );
});
