import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { findProject } from './find-project.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kb-project-'));
  mkdirSync(join(root, 'outer/.kb'), { recursive: true });
  mkdirSync(join(root, 'outer/inner/deep'), { recursive: true });
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('findProject', () => {
  it('takes the nearest folder upwards with .kb', () => {
    expect(findProject({ option: undefined, env: {}, cwd: join(root, 'outer/inner/deep') })).toBe(join(root, 'outer'));
    mkdirSync(join(root, 'outer/inner/.kb'));
    expect(findProject({ option: undefined, env: {}, cwd: join(root, 'outer/inner/deep') })).toBe(join(root, 'outer/inner'));
  });

  it('prefers what is named: the option, then the environment', () => {
    const env = { KB_PROJECT_ROOT: join(root, 'outer') };
    expect(findProject({ option: undefined, env, cwd: root })).toBe(join(root, 'outer'));
    expect(findProject({ option: 'outer/inner', env, cwd: root })).toBe(join(root, 'outer/inner'));
    expect(findProject({ option: undefined, env: { KB_PROJECT_ROOT: '' }, cwd: join(root, 'outer') })).toBe(join(root, 'outer'));
  });

  it('refuses a folder that is not there, and a place outside of any project', () => {
    expect(() => findProject({ option: 'absent', env: {}, cwd: root })).toThrow('no project here');
    expect(() => findProject({ option: undefined, env: {}, cwd: root })).toThrow('no project here');
  });
});
