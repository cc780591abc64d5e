import { fileURLToPath } from 'node:url';

import { defineConfig } from 'oxlint';
import { DEFAULT_EXPORTS, everywhere, pureFiles, pureRules } from './tooling/lint/rules.mjs';

export default defineConfig({
  // Rules that ask for a type read the program of the nearest tsconfig.json.
  options: { typeAware: true, reportUnusedDisableDirectives: 'error' },
  plugins: ['eslint', 'typescript'],
  jsPlugins: [fileURLToPath(new URL('./tooling/lint/own-rules.mjs', import.meta.url))],
  categories: { correctness: 'off' },
  ignorePatterns: ['**/dist/', 'apps/studio/public/', '**/coverage/', '**/fixtures/', '**/.*/'],
  rules: everywhere,
  overrides: [
    { files: DEFAULT_EXPORTS, rules: { 'own/no-default-export': 'off' } },
    { files: pureFiles(), excludeFiles: ['**/*.test.ts'], rules: pureRules },
  ],
});
