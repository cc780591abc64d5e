import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { LockedPlugin } from '@kb-labs/contracts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { changePluginsLock, parsePluginsLock, pluginsLockText, readPluginsLock } from './plugins-lock.js';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(join(folder.path, '.kb'));
});
afterEach(() => folder[Symbol.dispose]());

const file = () => join(folder.path, '.kb/plugins.lock');
const LOCKED: LockedPlugin = { version: '1.0.0', source: 'package', integrity: `sha256-${'A'.repeat(43)}=`, permissions: { 'a:b': { shell: ['git'] } }, trusted: false };

describe('.kb/plugins.lock', () => {
  it('is the same text for the same plugins in any order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1 }), (names) => {
        const text = pluginsLockText(new Map(names.map((name) => [name, LOCKED])));
        expect(pluginsLockText(new Map(names.toReversed().map((name) => [name, { ...LOCKED }])))).toBe(text);
        expect([...parsePluginsLock(text)]).toEqual(names.toSorted().map((name) => [name, LOCKED]));
        expect(text.endsWith('}\n')).toBe(true);
      }),
    );
  });

  it('holds nothing when it is not there, and is made by the first change', async () => {
    expect((await readPluginsLock(folder.path)).size).toBe(0);
    await changePluginsLock(folder.path, (plugins) => new Map(plugins).set('a', LOCKED));
    expect([...(await readPluginsLock(folder.path)).keys()]).toEqual(['a']);
    expect(existsSync(`${file()}.new`)).toBe(false);
  });

  it('loses no change of several made at once', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `p${String(n)}`);
    await Promise.all(names.map((name) => changePluginsLock(folder.path, (plugins) => new Map(plugins).set(name, LOCKED))));
    expect([...(await readPluginsLock(folder.path)).keys()]).toEqual(names.toSorted());
  });

  it('takes over from one that died while changing it', async () => {
    writeFileSync(`${file()}.new`, '{');
    utimesSync(`${file()}.new`, 1, 1);
    await changePluginsLock(folder.path, (plugins) => new Map(plugins).set('a', LOCKED));
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject({ schema: 1, plugins: { a: { version: '1.0.0' } } });
  });

  it('stays as it is when the change fails', async () => {
    writeFileSync(file(), 'nonsense');
    await expect(changePluginsLock(folder.path, (plugins) => plugins)).rejects.toMatchObject({ code: 'PLUGINS_LOCK_INVALID' });
    expect([readFileSync(file(), 'utf8'), existsSync(`${file()}.new`)]).toEqual(['nonsense', false]);
  });

  const one = (change: object) => JSON.stringify({ schema: 1, plugins: { '@acme/a': { ...LOCKED, ...change } } });
  it.each([
    ['no JSON', '{'],
    ['another schema', '{"schema":2,"plugins":{}}'],
    ['a key more', one({ scripts: true })],
    ['a name that is a path', JSON.stringify({ schema: 1, plugins: { '../x': LOCKED } })],
    ['a name of three parts', JSON.stringify({ schema: 1, plugins: { '@a/b/../c': LOCKED } })],
    ['an absolute path', one({ source: '/etc' })],
    ['a weak digest', one({ integrity: 'sha1-AAAA' })],
    ['a digest cut short', one({ integrity: `sha256-${'A'.repeat(42)}=` })],
    ['unknown permissions', one({ permissions: { 'a:b': { root: true } } })],
    ['trust in words', one({ trusted: 'yes' })],
    ['endless nesting', `{"schema":1,"plugins":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`],
  ])('is refused with %s', (_, text) => {
    expect(() => parsePluginsLock(text)).toThrow(expect.objectContaining({ code: 'PLUGINS_LOCK_INVALID' }) as Error);
    expect(parsePluginsLock(one({})).size).toBe(1);
  });
});
