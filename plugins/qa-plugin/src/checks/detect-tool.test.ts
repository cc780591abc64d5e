import { expect, it } from 'vitest';

import { detectTool } from './detect-tool.js';

it.each([
  ['vitest', 'vitest'],
  ['vitest run --coverage', 'vitest'],
  ['npm run build && vitest run', 'vitest'],
  ['NODE_ENV=test TZ=UTC jest --ci', 'jest'],
  ['cross-env NODE_ENV=test jest', 'jest'],
  ['npx mocha "test/**/*.js"', 'mocha'],
  ['pnpm exec tsc -p .', 'tsc'],
  ['npm exec -- eslint .', 'eslint'],
  ['yarn jest', 'jest'],
  ['./node_modules/.bin/eslint src', 'eslint'],
  ['node --test test/*.js', 'node-test'],
  ['node --experimental-vm-modules node_modules/jest/bin/jest.js', 'jest'],
  ['vue-tsc --noEmit', 'vue-tsc'],
  ['vitest run | tee log', undefined],
  ['vitest run || true', undefined],
  ['vitest run; echo done', undefined],
  ['vitest run & wait', undefined],
  ['vitest run > log', undefined],
  ['jest "$(cat files)"', undefined],
  ['vitest run && echo done', undefined],
  ['turbo run test', undefined],
  ['yarn build', undefined],
  ['node scripts/test.js', undefined],
  ['node --test --test-reporter=tap', undefined],
  ['eslint . --format stylish', undefined],
  ['eslint . -f json -o out.json', undefined],
  ['mocha -R dot', undefined],
  ['myvitest', undefined],
  ['', undefined],
  [`${'cross-env '.repeat(2_000)}vitest`, undefined],
])('%.60j is a script of %s', (script, tool) => {
  expect(detectTool(script)).toBe(tool);
});
