import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { LIMITS } from '@kb-labs/contracts';
import { fakeClock } from '@kb-labs/testkit';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { projectSecrets, type ProjectSecrets } from './project-secrets.js';
import { keyFile } from './secret-key.js';

let root: string;
let home: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kb-secrets-'));
  home = mkdtempSync(join(tmpdir(), 'kb-home-'));
  mkdirSync(join(root, '.kb'));
  onTestFinished(() => [root, home].forEach((dir) => rmSync(dir, { recursive: true, force: true })));
});

const clock = fakeClock();
const KEY = 'ab'.repeat(32);
const file = (): string => join(root, '.kb/secrets.enc');

function open(env: Readonly<Record<string, string>> = {}): ProjectSecrets {
  return projectSecrets({ projectRoot: root, env: { HOME: home, ...env }, clock });
}

interface Written {
  readonly secrets: Record<string, Record<string, unknown>>;
}

/** Changes the file as somebody could who has no key. */
function alter(change: (written: Written) => unknown): void {
  const written = JSON.parse(readFileSync(file(), 'utf8')) as Written;
  change(written);
  writeFileSync(file(), JSON.stringify(written));
}

describe('secrets of a project', () => {
  it('are kept in a file of which others can read nothing, with a key elsewhere that is made once', async () => {
    const secrets = open();
    expect(await secrets.get('TOKEN')).toBeUndefined();
    const key = join(home, '.config/kb-labs/secrets.key');
    expect(await secrets.set('TOKEN', 'correct horse')).toEqual({ hidden: false, keyMade: key });
    expect(await secrets.set('OTHER', 'battery\nstaple')).toEqual({ hidden: false });
    expect(await Promise.all(['TOKEN', 'OTHER', 'NONE'].map((name) => open().get(name)))).toEqual(['correct horse', 'battery\nstaple', undefined]);
    expect([statSync(file()).mode & 0o777, statSync(key).mode & 0o777]).toEqual([0o600, 0o600]);
    expect(readFileSync(file(), 'utf8')).not.toMatch(/correct|Y29ycmVjd|battery/);
    expect(readdirSync(join(root, '.kb'))).toEqual(['secrets.enc']);
  });

  it('are listed by name, with where they are from and when they were set, without the key too', async () => {
    await open().set('B', 'value of b');
    await open().set('A', 'value of a');
    rmSync(keyFile({ HOME: home }));
    expect(await open({ KB_SECRET_A: 'from env', KB_SECRET_C: 'also from env', KB_SECRET_: 'none', KB_SECRET_E: '', KB_SECRETS_KEY: '' }).list()).toEqual([
      { name: 'A', from: 'env', setAt: null },
      { name: 'B', from: 'file', setAt: clock.now() },
      { name: 'C', from: 'env', setAt: null },
    ]);
  });

  it('of the environment go before those of the file, and an empty one is none', async () => {
    await open().set('TOKEN', 'from the file');
    expect(await open({ KB_SECRET_TOKEN: 'from env' }).get('TOKEN')).toBe('from env');
    expect(await open({ KB_SECRET_TOKEN: '' }).get('TOKEN')).toBe('from the file');
    expect(await open({ KB_SECRET_TOKEN: 'from env' }).set('TOKEN', 'new in the file')).toEqual({ hidden: true });
  });

  it('are seen as they are changed by another process', async () => {
    const reader = open();
    await open().set('TOKEN', 'first value');
    expect(await reader.get('TOKEN')).toBe('first value');
    await open().set('TOKEN', 'second value');
    expect(await reader.get('TOKEN')).toBe('second value');
    await open().remove('TOKEN');
    expect(await reader.get('TOKEN')).toBeUndefined();
    await expect(open().remove('TOKEN')).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' });
  });

  it('are all kept when many are set at once', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, at) => open().set(`S${String(at)}`, `value ${String(at)}`)));
    expect(await Promise.all(Array.from({ length: 20 }, (_, at) => open().get(`S${String(at)}`)))).toEqual(Array.from({ length: 20 }, (_, at) => `value ${String(at)}`));
  });

  it('can be set again after a process has died that was changing them', async () => {
    await open().set('TOKEN', 'first value');
    writeFileSync(`${file()}.lock`, `999999999 ${(await import('node:os')).hostname()} x`);
    await open().set('TOKEN', 'second value');
    expect([await open().get('TOKEN'), existsSync(`${file()}.lock`)]).toEqual(['second value', false]);
  });

  it.each([
    ['one character less than can be told from other text', 'abc', true],
    ['as few characters as can', 'abcd', false],
    ['white space around too few', '  ab  ', true],
    ['as many bytes as fit', 'x'.repeat(LIMITS.secretBytes), false],
    ['one byte more', 'x'.repeat(LIMITS.secretBytes + 1), true],
    ['a NUL', 'abc\0def', true],
  ])('of %s are refused or not, when they are set and when they are read', async (_, value, refused) => {
    const set = open().set('TOKEN', value);
    const get = open({ KB_SECRET_TOKEN: value }).get('TOKEN');
    if (refused) {
      await expect(set).rejects.toMatchObject({ code: 'SECRET_UNUSABLE' });
      await expect(get).rejects.toMatchObject({ code: 'SECRET_UNUSABLE' });
    } else {
      await set;
      expect([await get, await open().get('TOKEN')]).toEqual([value, value]);
    }
  });

  it.each(['', 'A-B', '1A', 'KB_TOKEN', '__proto__ ', 'a'.repeat(129)])('cannot be called %j', async (name) => {
    await expect(open().set(name, 'some value')).rejects.toMatchObject({ code: 'SECRET_UNUSABLE' });
  });

  it.each(['__proto__', 'constructor', 'toString'])('can be called %s, and are not there before', async (name) => {
    expect(await open().get(name)).toBeUndefined();
    await open().set('TOKEN', 'some value');
    expect(await open().get(name)).toBeUndefined();
  });
});

describe('a file of secrets', () => {
  const set = async (): Promise<void> => {
    await open({ KB_SECRETS_KEY: KEY }).set('TOKEN', 'correct horse');
    await open({ KB_SECRETS_KEY: KEY }).set('OTHER', 'battery staple');
  };
  const unreadable = { code: 'SECRETS_UNREADABLE' };

  it('opens with the same key in hex and in base64', async () => {
    await set();
    for (const key of [KEY.toUpperCase(), Buffer.from(KEY, 'hex').toString('base64'), Buffer.from(KEY, 'hex').toString('base64url')]) expect(await open({ KB_SECRETS_KEY: key }).get('TOKEN')).toBe('correct horse');
  });

  it.each([
    ['another key', { KB_SECRETS_KEY: 'cd'.repeat(32) }],
    ['no key', {}],
    ['what is no key', { KB_SECRETS_KEY: 'secret' }],
  ])('gives nothing with %s, and is not replaced', async (_, env: Readonly<Record<string, string>>) => {
    await set();
    const before = readFileSync(file(), 'utf8');
    await expect(open(env).get('TOKEN')).rejects.toMatchObject(unreadable);
    await expect(open(env).set('TOKEN', 'new value')).rejects.toMatchObject(unreadable);
    await expect(open(env).remove('TOKEN')).rejects.toMatchObject(unreadable);
    expect(readFileSync(file(), 'utf8')).toBe(before);
  });

  it('gives nothing with a key that others can read', async () => {
    await open().set('TOKEN', 'correct horse');
    chmodSync(keyFile({ HOME: home }), 0o644);
    await expect(open().get('TOKEN')).rejects.toMatchObject(unreadable);
  });

  it('takes the key of the account from where its settings are', async () => {
    const config = join(home, 'settings');
    expect((await open({ XDG_CONFIG_HOME: config }).set('TOKEN', 'correct horse')).keyMade).toBe(join(config, 'kb-labs/secrets.key'));
    mkdirSync(dirname(keyFile({ HOME: home })), { recursive: true });
    await expect(open().get('TOKEN')).rejects.toMatchObject(unreadable);
  });

  it.each<[string, (written: Written) => unknown]>([
    ['a value under another name', ({ secrets }) => (secrets['OTHER'] = { ...secrets['TOKEN'] })],
    ['values that changed places', ({ secrets }) => ([secrets['TOKEN'], secrets['OTHER']] = [secrets['OTHER'] ?? {}, secrets['TOKEN'] ?? {}])],
    ['a value that was taken out', ({ secrets }) => delete secrets['OTHER']],
    ['a value that was put in', ({ secrets }) => (secrets['NEW'] = { ...secrets['TOKEN'] })],
    ['another time', ({ secrets }) => (secrets['OTHER'] = { ...secrets['OTHER'], setAt: 1 })],
    ['another nonce', ({ secrets }) => (secrets['OTHER'] = { ...secrets['OTHER'], nonce: 'AAAAAAAAAAAAAAAA' })],
    ['a shorter tag', ({ secrets }) => (secrets['OTHER'] = { ...secrets['OTHER'], tag: 'AAAAAA==' })],
    ['another format', (written) => Object.assign(written, { format: 2 })],
    ['a key too many', (written) => Object.assign(written, { more: true })],
    ['no seal', (written) => Object.assign(written, { seal: '' })],
  ])('gives nothing with %s', async (_, change) => {
    await set();
    alter(change);
    for (const name of ['TOKEN', 'OTHER']) await expect(open({ KB_SECRETS_KEY: KEY }).get(name)).rejects.toMatchObject(unreadable);
  });

  it('gives nothing with one bit changed, wherever', async () => {
    await set();
    const bytes = readFileSync(file());
    const text = bytes.toString();
    const meant = JSON.stringify(JSON.parse(text));
    for (let at = 0; at < bytes.length; at += 5) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      // White space between the values means nothing.
      if (isSame(changed.toString(), meant)) continue;
      writeFileSync(file(), changed);
      await expect(open({ KB_SECRETS_KEY: KEY }).get('TOKEN')).rejects.toMatchObject(unreadable);
    }
    writeFileSync(file(), bytes);
    expect(await open({ KB_SECRETS_KEY: KEY }).get('TOKEN')).toBe('correct horse');
  });

  it.each(['', '{', '[]', 'null', '{"format":1}'])('gives nothing when it is %j', async (text) => {
    await set();
    writeFileSync(file(), text);
    await expect(open({ KB_SECRETS_KEY: KEY }).get('TOKEN')).rejects.toMatchObject(unreadable);
    await expect(open({ KB_SECRETS_KEY: KEY }).list()).rejects.toMatchObject(unreadable);
  });
});

function isSame(text: string, meant: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === meant;
  } catch {
    return false;
  }
}
