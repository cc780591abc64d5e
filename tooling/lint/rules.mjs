import { LAYERS } from '../boundaries/layers.mjs';

/** @typedef {import('oxlint').DummyRuleMap} Rules */

/**
 * Mistakes that types alone do not catch, and how sources are written; in every file.
 *
 * @type {Rules}
 */
export const everywhere = {
  'typescript/no-floating-promises': 'error',
  'typescript/no-misused-promises': 'error',
  'typescript/await-thenable': 'error',
  'typescript/only-throw-error': 'error',
  'typescript/return-await': ['error', 'error-handling-correctness-only'],
  'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  'typescript/no-explicit-any': 'error',
  'typescript/no-non-null-assertion': 'error',
  'typescript/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
  'typescript/no-unnecessary-type-assertion': 'error',
  'typescript/no-for-in-array': 'error',
  'typescript/no-implied-eval': 'error',
  'eslint/eqeqeq': 'error',
  'eslint/no-constant-condition': ['error', { checkLoops: false }],
  'eslint/no-debugger': 'error',
  'eslint/no-self-compare': 'error',
  'eslint/no-unsafe-finally': 'error',
  'eslint/no-unused-expressions': 'error',
  'eslint/no-useless-escape': 'error',
  'eslint/no-var': 'error',
  'eslint/prefer-const': 'error',
  'own/no-default-export': 'error',
  'own/no-enum': 'error',
  'own/no-export-all': 'error',
};

/** Loaded by their default export: manifests and handlers of plugins, configuration, reporters of vitest, rules. */
export const DEFAULT_EXPORTS = ['plugins/**', '**/*.config.*', 'tooling/tsup/*', 'tooling/vitest/*-reporter.ts', 'tooling/lint/own-rules.mjs', 'examples/**'];

const PURE = 'A pure package decides from its arguments alone: pass this in.';

/**
 * No clock, randomness, environment, timer or network.
 *
 * @type {Rules}
 */
export const pureRules = {
  'own/no-current-date': 'error',
  'eslint/no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: PURE },
    { object: 'Math', property: 'random', message: PURE },
  ],
  'eslint/no-restricted-globals': [
    'error',
    ...['process', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch', 'performance', 'crypto', 'globalThis', 'console'].map((name) => ({ name, message: PURE })),
  ],
};

/** Sources of the packages that the table of layers calls pure. */
export function pureFiles() {
  return Object.entries(LAYERS).flatMap(([name, { pure }]) => (pure === true ? [`packages/${name}/src/**/*.ts`] : []));
}
