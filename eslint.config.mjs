import tseslint from 'typescript-eslint';
import { BROWSER_FILES, DEFAULT_EXPORTS, defaultExportRules, everywhere, pureFiles, pureRules, sourceRules, TYPED_FILES } from './tooling/lint/rules.mjs';

export default tseslint.config(
  { ignores: ['**/node_modules/', '**/dist/', 'apps/studio/public/', '**/coverage/', '**/fixtures/', '**/.*/'] },
  {
    files: TYPED_FILES,
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: {
      parser: tseslint.parser,
      // One program for everything, the one that `pnpm types` checks.
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
  },
  { files: TYPED_FILES, rules: everywhere },
  { files: TYPED_FILES, rules: sourceRules },
  { files: DEFAULT_EXPORTS, rules: defaultExportRules },
  // Except for what runs in browsers.
  ...Object.entries(BROWSER_FILES).map(([program, files]) => ({ files, languageOptions: { parserOptions: { project: `./${program}/tsconfig.json` } } })),
  // These are not part of the program that types are read from.
  { files: ['**/bin/*.js', 'examples/embed-express/*.mjs'], languageOptions: { parserOptions: { project: null } }, rules: tseslint.configs.disableTypeChecked.rules ?? {} },
  { files: pureFiles(), ignores: ['**/*.test.ts'], rules: pureRules },
);
