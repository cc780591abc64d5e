import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { afterEach, expect, it } from 'vitest';

import { makeClone, type Clone } from './fixture.js';

let clone: Clone;
afterEach(() => clone.remove());

/** The names in the list, as the program has them. */
function namesListed(): string[] {
  const text = readFileSync(fileURLToPath(new URL('test-faults.mjs', import.meta.url)), 'utf8');
  return [...text.matchAll(/^ {2}'(\S+)',$/gm)].map((match) => match[1] ?? '');
}

/** A stand-in for the runner says what it was started with. */
function makeRunner(names: readonly string[]): void {
  clone = makeClone();
  for (const name of names) clone.write(`${name}.test.ts`, '');
  clone.write('node_modules/vitest/vitest.mjs', 'console.log(JSON.stringify([process.argv.slice(2), process.env.KB_FAULTS])); process.exit(5);');
}

it('runs the tests that are listed, at full size, with the arguments given, and ends as they do', async () => {
  makeRunner(namesListed());
  const { code, stdout } = await clone.launch('run.sh', ['faults', '-t', 'a b']);
  expect(JSON.parse(stdout)).toEqual([['run', '--maxWorkers=2', ...namesListed(), '-t', 'a b'], 'full']);
  expect(code).toBe(5);
  expect(namesListed()).toContain('tooling/scenarios/partition');
});

it('says so when something that is listed is not there', async () => {
  makeRunner(namesListed().filter((name) => name !== 'tooling/scenarios/partition'));
  expect(await clone.launch('run.sh', ['faults'])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^no test file begins with: tooling\/scenarios\/partition$/m) as unknown });
});
