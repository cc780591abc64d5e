import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

let folder = '';
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}): { status: number | null; lastLine: string } {
  folder = mkdtempSync(join(tmpdir(), 'kb-totals-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder, '--reporter=default', `--reporter=${join(root, 'tooling/vitest/totals-reporter.ts')}`];
  const { KB_TEST_TOTALS: _, ...inherited } = process.env;
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env: { ...inherited, ...env } });
  return { status, lastLine: stdout.trimEnd().split('\n').at(-1) ?? '' };
}

const IMPORT = "import { expect, it } from 'vitest';\n";

it('counts tests, not files, and todo with skipped', () => {
  const text = `${IMPORT}it('a', () => {}); it('b', () => {}); it.skip('c', () => {}); it.todo('d');`;
  expect(run({ 'one.test.ts': text })).toEqual({ status: 0, lastLine: '2 passed, 0 failed, 2 skipped' });
});

it('is red with a failed test, a file that does not load, and an error outside of any test', () => {
  const failed = `${IMPORT}it('a', () => { expect(1).toBe(2); }); it('b', () => {});`;
  const broken = "throw new Error('while loading');";
  const stray = `${IMPORT}it('a', () => { Promise.reject(new Error('stray')); });`;
  expect(run({ 'failed.test.ts': failed, 'broken.test.ts': broken, 'stray.test.ts': stray })).toEqual({ status: 1, lastLine: '2 passed, 3 failed, 0 skipped' });
});

it('is red when nothing ran', () => {
  expect(run({})).toEqual({ status: 1, lastLine: '0 passed, 0 failed, 0 skipped' });
  rmSync(folder, { recursive: true });
  expect(run({ 'one.test.ts': `${IMPORT}it.skip('a', () => {});` })).toEqual({ status: 1, lastLine: '0 passed, 0 failed, 1 skipped' });
});

it('leaves the line to a caller who asks for it', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'kb-totals-file-')), 'totals');
  const { lastLine } = run({ 'one.test.ts': `${IMPORT}it('a', () => {});` }, { KB_TEST_TOTALS: file });
  expect(lastLine).not.toContain('1 failed');
  expect(lastLine).not.toBe('1 passed, 0 failed, 0 skipped');
  expect(readFileSync(file, 'utf8')).toBe('1 passed, 0 failed, 0 skipped\n');
  rmSync(join(file, '..'), { recursive: true });
});
