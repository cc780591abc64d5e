import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseApiKey } from '@kb-labs/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { keepLoopbackKey, readLoopbackKey } from './loopback-key.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kb-loopback-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const file = (): string => join(dir, 'loopback.key');
const written = (): string => readFileSync(file(), 'utf8').trim();

describe('the key of this machine', () => {
  it('is made for its owner only, and kept', () => {
    expect(readLoopbackKey(dir)).toBeUndefined();
    const kept = keepLoopbackKey(dir);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(parseApiKey(written())?.id).toBe('loopback');
    expect(readLoopbackKey(dir)).toBe(written());
    expect(kept.matches(written())).toBe(true);
    expect(kept.name).not.toBe('');
    expect(keepLoopbackKey(dir).matches(written())).toBe(true);
    expect(readdirSync(dir).sort()).toEqual(['.gitignore', 'loopback.key']);
  });

  it('is nothing but itself', () => {
    const kept = keepLoopbackKey(dir);
    for (const wrong of ['', `kb_loopback_${'a'.repeat(43)}`, written().slice(0, -1), `${written()} `]) expect(kept.matches(wrong), wrong).toBe(false);
  });

  it('is another one once the file is gone, without a restart', () => {
    const kept = keepLoopbackKey(dir);
    const first = written();
    unlinkSync(file());
    expect(kept.matches(first)).toBe(false);
    expect(written()).not.toBe(first);
    expect(kept.matches(written())).toBe(true);
  });

  it('is replaced when the file holds none, or when others can read it', () => {
    writeFileSync(file(), 'hello', { mode: 0o600 });
    expect(keepLoopbackKey(dir).matches('hello')).toBe(false);
    const good = written();
    expect(parseApiKey(good)?.id).toBe('loopback');
    const kept = keepLoopbackKey(dir);
    chmodSync(file(), 0o644);
    expect(readLoopbackKey(dir)).toBeUndefined();
    expect(kept.matches(good)).toBe(false);
    expect([written() === good, statSync(file()).mode & 0o777]).toEqual([false, 0o600]);
  });
});
