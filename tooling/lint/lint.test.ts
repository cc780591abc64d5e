import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { everywhere, pureRules } from './rules.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

const EVERYWHERE = [
  ['a floating promise', 'export function go(): void {\n  Promise.resolve();\n}\n', 'typescript(no-floating-promises)'],
  ['a promise as a condition', "export const x = (p: Promise<boolean>): string => (p ? 'a' : 'b');\n", 'typescript(no-misused-promises)'],
  ['a switch that forgets a case', "export function f(x: 'a' | 'b'): void {\n  switch (x) {\n    case 'a':\n      break;\n  }\n}\n", 'typescript(switch-exhaustiveness-check)'],
  ['any', 'export const x = (y: any): unknown => y;\n', 'typescript(no-explicit-any)'],
  ['a non-null assertion', 'export const x = (y?: string): string => y!;\n', 'typescript(no-non-null-assertion)'],
  ['an assertion of what is known', 'export const x = (y: string): string => y as string;\n', 'typescript(no-unnecessary-type-assertion)'],
  ['a type imported as a value', "import { Buffer } from 'node:buffer';\nexport const f = (b: Buffer): Buffer => b;\n", 'typescript(consistent-type-imports)'],
  ['export *', "export * from 'node:path';\n", 'own(no-export-all)'],
  ['export * as a name', "export * as path from 'node:path';\n", 'own(no-export-all)'],
  ['a default export', 'export default 1;\n', 'own(no-default-export)'],
  ['a default export by another way', 'const x = 1;\nexport { x as default };\n', 'own(no-default-export)'],
  ['an enum', 'export enum E {\n  A,\n}\n', 'own(no-enum)'],
  ['waiting for what is no promise', 'export async function f(n: number): Promise<void> {\n  await n;\n}\n', 'typescript(await-thenable)'],
  ['throwing what is no error', "export const f = (): never => {\n  throw 'a';\n};\n", 'typescript(only-throw-error)'],
  ['a promise that leaves a try', 'export async function f(p: Promise<number>): Promise<number> {\n  try {\n    return p;\n  } catch {\n    return 0;\n  }\n}\n', 'typescript(return-await)'],
  ['for in over a list', 'export function f(list: number[]): void {\n  for (const index in list) void index;\n}\n', 'typescript(no-for-in-array)'],
  ['code made of a text', "export const f = new Function('return 1');\n", 'typescript(no-implied-eval)'],
  ['==', 'export const f = (a: number, b: number): boolean => a == b;\n', 'eslint(eqeqeq)'],
  ['a condition that never changes', "export const x = true ? 'a' : 'b';\n", 'eslint(no-constant-condition)'],
  ['debugger', 'debugger;\nexport const x = 1;\n', 'eslint(no-debugger)'],
  ['a comparison with itself', 'export const f = (a: number): boolean => a === a;\n', 'eslint(no-self-compare)'],
  ['a finally that returns', 'export function f(): number {\n  try {\n    return 1;\n  } finally {\n    return 2;\n  }\n}\n', 'eslint(no-unsafe-finally)'],
  ['an expression without use', 'export const f = (a: number): void => {\n  a + 1;\n};\n', 'eslint(no-unused-expressions)'],
  ['an escape without use', "export const x = '\\a';\n", 'eslint(no-useless-escape)'],
  ['var', 'export var x = 1;\n', 'eslint(no-var)'],
  ['let without a change', 'let x = 1;\nexport const y = x;\n', 'eslint(prefer-const)'],
] as const;

const IN_PURE_PACKAGES = [
  ['Date.now', 'export const f = (): number => Date.now();\n', 'eslint(no-restricted-properties)'],
  ['new Date()', 'export const f = (): Date => new Date();\n', 'own(no-current-date)'],
  ['Date()', 'export const f = (): string => Date();\n', 'own(no-current-date)'],
  ['Math.random', 'export const f = (): number => Math.random();\n', 'eslint(no-restricted-properties)'],
  ['a random function taken apart', 'const { random } = Math;\nexport const f = random;\n', 'eslint(no-restricted-properties)'],
  ['process', "export const f = (): unknown => process.env['X'];\n", 'eslint(no-restricted-globals)'],
  ['setTimeout', 'export const f = (): unknown => setTimeout(() => {}, 1);\n', 'eslint(no-restricted-globals)'],
  ['setInterval', 'export const f = (): unknown => setInterval(() => {}, 1);\n', 'eslint(no-restricted-globals)'],
  ['fetch', "export const f = async (): Promise<unknown> => fetch('x');\n", 'eslint(no-restricted-globals)'],
  ['a way round through globalThis', 'export const f = (): unknown => globalThis.fetch;\n', 'eslint(no-restricted-globals)'],
] as const;

const GIVEN_INSTANT = 'export const f = (ms: number): string => new Date(ms).toISOString();\n';
const UNUSED_DIRECTIVE = '// oxlint-disable-next-line eslint/no-var\nexport const x = 1;\n';

const placeOf = (what: string): string => what.replace(/\W+/g, '-');
/** Two packages, one of them pure, and where a test would be. */
const pure = (what: string): string => `packages/digest/src/${placeOf(what)}.ts`;
const impure = (what: string): string => `packages/ports/src/${placeOf(what)}.ts`;
const test = (what: string): string => `packages/digest/src/${placeOf(what)}.test.ts`;

const PLANTED: Record<string, string> = {
  ...Object.fromEntries(EVERYWHERE.flatMap(([what, code]) => [[pure(what), code], [impure(what), code]])),
  ...Object.fromEntries(IN_PURE_PACKAGES.flatMap(([what, code]) => [[pure(what), code], [impure(what), code], [test(what), code]])),
  [pure('an instant that was given')]: GIVEN_INSTANT,
  [pure('a directive without use')]: UNUSED_DIRECTIVE,
  'some.config.ts': 'export default {};\n',
  'plugins/some-plugin/src/plugin.ts': 'export default {};\n',
  'tooling/vitest/some-reporter.ts': 'export default class {}\n',
  'other.config.ts': 'export enum E {\n  A,\n}\nexport default {};\n',
  'packages/ports/dist/built.js': 'var x = 1;\n',
  'packages/ports/src/fixtures/given.ts': 'var x = 1;\n',
};

describe('lint', { timeout: 60_000 }, () => {
  let dir: string;
  let broken: Map<string, string[]>;

  // The configuration of the repository itself, on a folder that is laid out like it.
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'kb-lint-'));
    write('oxlint.config.ts', `export { default } from ${JSON.stringify(join(root, 'oxlint.config.ts'))};\n`);
    write('tsconfig.json', JSON.stringify({ extends: join(root, 'tooling/tsconfig/base.json'), compilerOptions: { typeRoots: [join(root, 'node_modules/@types')] } }));
    for (const [file, code] of Object.entries(PLANTED)) write(file, code);
    const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules/oxlint/bin/oxlint'), '--format=json'], {
      cwd: dir,
      // It would look for the part that knows types in the folder it is started in.
      env: { ...process.env, OXLINT_TSGOLINT_PATH: join(root, 'node_modules/.bin/tsgolint') },
      encoding: 'utf8',
      timeout: 30_000,
    });
    if (!stdout.startsWith('{')) throw new Error(`the linter said: ${stdout}${stderr}`);
    broken = new Map();
    for (const { filename, code, message } of (JSON.parse(stdout) as { diagnostics: { filename: string; code?: string; message: string }[] }).diagnostics) {
      broken.set(filename, [...(broken.get(filename) ?? []), code ?? message]);
    }
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  function write(file: string, text: string): void {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
  const rulesBrokenIn = (file: string): readonly string[] => broken.get(file) ?? [];

  it.each(EVERYWHERE)('refuses %s everywhere', (what, _, rule) => {
    expect(rulesBrokenIn(impure(what))).toEqual([rule]);
    expect(rulesBrokenIn(pure(what))).toEqual([rule]);
  });

  it.each(IN_PURE_PACKAGES)('refuses %s in a pure package, and only there', (what, _, rule) => {
    expect(rulesBrokenIn(pure(what))).toEqual([rule]);
    expect(rulesBrokenIn(impure(what))).toEqual([]);
    expect(rulesBrokenIn(test(what))).toEqual([]);
  });

  it('has every rule broken here', () => {
    const planted = [...EVERYWHERE, ...IN_PURE_PACKAGES].map(([, , rule]) => rule.replace(/\((.*)\)/, '/$1'));
    expect([...new Set(planted)].sort()).toEqual(Object.keys({ ...everywhere, ...pureRules }).sort());
  });

  it('lets a pure package compute with instants it was given', () => {
    expect(rulesBrokenIn(pure('an instant that was given'))).toEqual([]);
  });

  it('lets plugins, configuration and reporters export by default, but no enum', () => {
    expect(rulesBrokenIn('some.config.ts')).toEqual([]);
    expect(rulesBrokenIn('plugins/some-plugin/src/plugin.ts')).toEqual([]);
    expect(rulesBrokenIn('tooling/vitest/some-reporter.ts')).toEqual([]);
    expect(rulesBrokenIn('other.config.ts')).toEqual(['own(no-enum)']);
  });

  it('refuses a directive that nothing needs', () => {
    expect(rulesBrokenIn(pure('a directive without use'))).toEqual([expect.stringContaining('Unused')]);
  });

  it('passes over what was built, and over fixtures', () => {
    expect([...broken.keys()].filter((file) => /dist|fixtures/.test(file))).toEqual([]);
  });
});
