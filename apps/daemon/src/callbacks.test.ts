import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { toRunId } from '@kb-labs/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { fileCallbacks } from './callbacks.js';

const run = toRunId('01ARYZ6S410000000000000000');
const other = toRunId('01ARYZ6S410000000000000001');
const baseUrl = 'https://kb.example.com';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kb-callbacks-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function tokenOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

describe('fileCallbacks', () => {
  it('knows the run behind an address, also in another process', () => {
    const url = fileCallbacks({ dir, baseUrl }).urlOf(run);
    expect(url).toMatch(/^https:\/\/kb\.example\.com\/api\/v1\/callbacks\/run_01ARYZ6S410000000000000000\.[\w-]{32}$/);
    expect(fileCallbacks({ dir, baseUrl }).runOf(tokenOf(url))).toBe(run);
    expect(fileCallbacks({ dir, baseUrl }).urlOf(run)).toBe(url);
  });

  it('makes its key when an address is asked for, for the owner alone', () => {
    const callbacks = fileCallbacks({ dir: join(dir, 'state'), baseUrl });
    const path = join(dir, 'state', 'callback.key');
    expect(callbacks.runOf(`${run}.AAAA`)).toBeUndefined();
    expect(existsSync(path)).toBe(false);
    callbacks.urlOf(run);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path)).toHaveLength(32);
  });

  it('refuses what it has not made', () => {
    const callbacks = fileCallbacks({ dir, baseUrl });
    const proof = tokenOf(callbacks.urlOf(run)).split('.')[1] ?? '';
    const forged = ['', '.', proof, `${run}`, `${run}.`, `${other}.${proof}`, `${run}.${proof}A`, `${run}.${proof.slice(1)}`, `${run}.${proof.startsWith('A') ? 'B' : 'A'}${proof.slice(1)}`, `no-run.${proof}`];
    expect(forged.filter((token) => callbacks.runOf(token) !== undefined)).toEqual([]);
    const elsewhere = fileCallbacks({ dir: join(dir, 'other'), baseUrl });
    elsewhere.urlOf(run);
    expect(elsewhere.runOf(`${run}.${proof}`)).toBeUndefined();
  });

  it('says when its key is damaged', () => {
    writeFileSync(join(dir, 'callback.key'), 'short');
    expect(() => fileCallbacks({ dir, baseUrl }).urlOf(run)).toThrow('is no key');
  });
});
