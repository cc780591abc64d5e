import { LAYERS } from '../boundaries/layers.mjs';

/** @typedef {import('eslint').Linter.RulesRecord} Rules */

export const TYPED_FILES = ['**/*.{ts,tsx,mjs,js}'];
/** What runs in browsers, by the program it is checked with. */
export const BROWSER_FILES = { 'apps/studio': ['apps/studio/src/**/*.{ts,tsx}'], 'tooling/scenarios/studio': ['tooling/scenarios/studio/**/*.{ts,mjs}'] };

/**
 * Mistakes that types alone do not catch; in every file.
 *
 * @type {Rules}
 */
export const everywhere = {
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-non-null-assertion': 'error',
  '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
  '@typescript-eslint/no-unnecessary-type-assertion': 'error',
  '@typescript-eslint/no-unused-expressions': 'error',
  '@typescript-eslint/no-for-in-array': 'error',
  '@typescript-eslint/no-implied-eval': 'error',
  eqeqeq: 'error',
  'no-constant-condition': ['error', { checkLoops: false }],
  'no-debugger': 'error',
  'no-self-compare': 'error',
  'no-unsafe-finally': 'error',
  'no-useless-escape': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
};

const SHAPE = [
  { selector: 'ExportAllDeclaration', message: 'Name what is exported: `export *` hides what a package offers.' },
  { selector: 'TSEnumDeclaration', message: 'Use a union of literals; an enum is a value the compiler makes up.' },
];
const NO_DEFAULT = {
  selector: "ExportDefaultDeclaration, ExportSpecifier[exported.name='default']",
  message: 'Export by name: a default export gets another name in every file.',
};

/**
 * How sources are written.
 *
 * @type {Rules}
 */
export const sourceRules = { 'no-restricted-syntax': ['error', ...SHAPE, NO_DEFAULT] };

/** Loaded by their default export: manifests and handlers of plugins, configuration, reporters of vitest. */
export const DEFAULT_EXPORTS = ['plugins/**', '**/*.config.*', 'tooling/tsup/*', 'tooling/vitest/*-reporter.ts', 'examples/**'];

/** @type {Rules} */
export const defaultExportRules = { 'no-restricted-syntax': ['error', ...SHAPE] };

const PURE = 'A pure package decides from its arguments alone: pass this in.';

/**
 * No clock, randomness, environment, timer or network; on top of the rules for sources.
 *
 * @type {Rules}
 */
export const pureRules = {
  'no-restricted-syntax': [
    'error',
    ...SHAPE,
    NO_DEFAULT,
    { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: PURE },
    { selector: "CallExpression[callee.name='Date']", message: PURE },
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: PURE },
    { object: 'Math', property: 'random', message: PURE },
  ],
  'no-restricted-globals': [
    'error',
    ...['process', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch', 'performance', 'crypto', 'globalThis', 'console'].map((name) => ({ name, message: PURE })),
  ],
};

/** Sources of the packages that the table of layers calls pure. */
export function pureFiles() {
  return Object.entries(LAYERS).flatMap(([name, { pure }]) => (pure === true ? [`packages/${name}/src/**/*.ts`] : []));
}
