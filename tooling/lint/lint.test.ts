import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

// The configuration of the repository itself. Typed rules need a file that the
// program knows: planted text stands in for the text of an existing one. On a CI
// machine the parser would take the text on disk instead, unless told not to.
const eslint = new ESLint({ cwd: root, overrideConfig: { languageOptions: { parserOptions: { disallowAutomaticSingleRunInference: true } } } });

const PURE = 'packages/digest/src/index.ts';
const IMPURE = 'packages/ports/src/index.ts';
const TEST = 'packages/expressions/src/limits.test.ts';

async function rulesBrokenBy(code: string, file: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(code, { filePath: join(root, file) });
  return (result?.messages ?? []).map(({ ruleId, message, fatal }) => (fatal === true ? message : ruleId));
}

describe('lint', { timeout: 60_000 }, () => {
  it.each([
    ['a floating promise', 'export function go(): void {\n  Promise.resolve();\n}\n', '@typescript-eslint/no-floating-promises'],
    ['a promise as a condition', "export const x = (p: Promise<boolean>): string => (p ? 'a' : 'b');\n", '@typescript-eslint/no-misused-promises'],
    ['a switch that forgets a case', "export function f(x: 'a' | 'b'): void {\n  switch (x) {\n    case 'a':\n      break;\n  }\n}\n", '@typescript-eslint/switch-exhaustiveness-check'],
    ['any', 'export const x = (y: any): unknown => y;\n', '@typescript-eslint/no-explicit-any'],
    ['a non-null assertion', 'export const x = (y?: string): string => y!;\n', '@typescript-eslint/no-non-null-assertion'],
    ['a type imported as a value', "import { Buffer } from 'node:buffer';\nexport const f = (b: Buffer): Buffer => b;\n", '@typescript-eslint/consistent-type-imports'],
    ['export *', "export * from 'node:path';\n", 'no-restricted-syntax'],
    ['export * as a name', "export * as path from 'node:path';\n", 'no-restricted-syntax'],
    ['a default export', 'export default 1;\n', 'no-restricted-syntax'],
    ['a default export by another way', 'const x = 1;\nexport { x as default };\n', 'no-restricted-syntax'],
    ['an enum', 'export enum E {\n  A,\n}\n', 'no-restricted-syntax'],
  ])('refuses %s everywhere', async (_, code, rule) => {
    expect(await rulesBrokenBy(code, IMPURE)).toEqual([rule]);
    expect(await rulesBrokenBy(code, PURE)).toEqual([rule]);
  });

  it.each([
    ['Date.now', 'export const f = (): number => Date.now();\n', 'no-restricted-properties'],
    ['new Date()', 'export const f = (): Date => new Date();\n', 'no-restricted-syntax'],
    ['Date()', 'export const f = (): string => Date();\n', 'no-restricted-syntax'],
    ['Math.random', 'export const f = (): number => Math.random();\n', 'no-restricted-properties'],
    ['a random function taken apart', 'const { random } = Math;\nexport const f = random;\n', 'no-restricted-properties'],
    ['process', "export const f = (): unknown => process.env['X'];\n", 'no-restricted-globals'],
    ['setTimeout', 'export const f = (): unknown => setTimeout(() => {}, 1);\n', 'no-restricted-globals'],
    ['setInterval', 'export const f = (): unknown => setInterval(() => {}, 1);\n', 'no-restricted-globals'],
    ['fetch', "export const f = async (): Promise<unknown> => fetch('x');\n", 'no-restricted-globals'],
    ['a way round through globalThis', 'export const f = (): unknown => globalThis.fetch;\n', 'no-restricted-globals'],
  ])('refuses %s in a pure package, and only there', async (_, code, rule) => {
    expect(await rulesBrokenBy(code, PURE)).toEqual([rule]);
    expect(await rulesBrokenBy(code, IMPURE)).toEqual([]);
    expect(await rulesBrokenBy(code, TEST)).toEqual([]);
  });

  it('lets a pure package compute with instants it was given', async () => {
    expect(await rulesBrokenBy('export const f = (ms: number): string => new Date(ms).toISOString();\n', PURE)).toEqual([]);
  });

  it('lets plugins, configuration and reporters export by default, but no enum', async () => {
    expect(await rulesBrokenBy('export default {};\n', 'vitest.config.ts')).toEqual([]);
    expect(await rulesBrokenBy('export default class {}\n', 'tooling/vitest/totals-reporter.ts')).toEqual([]);
    expect(await rulesBrokenBy('export enum E {\n  A,\n}\nexport default {};\n', 'vitest.config.ts')).toEqual(['no-restricted-syntax']);
  });
});
