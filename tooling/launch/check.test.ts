import { afterEach, expect, it } from 'vitest';
import { makeClone, type Clone } from './fixture.js';

let clone: Clone;
afterEach(() => clone.remove());

/** Stand-ins for the tools: each writes down its name, and one of them fails. */
function makeTools(failing?: string): void {
  clone = makeClone();
  const tool = (name: string, text = ''): string => `
    import { appendFileSync } from 'node:fs';
    appendFileSync(process.env.CALLS, 'step ${name}\\n');
    ${text}
    ${name === failing ? `console.log('${name} found this'); process.exit(3);` : ''}`;
  clone.write('tooling/declarations/emit.mjs', tool('declarations'));
  clone.write('tooling/release/check-packages.mjs', tool('packages'));
  clone.write('tooling/boundaries/check.mjs', tool('boundaries'));
  clone.write('node_modules/typescript-7/bin/tsc', tool('types'));
  clone.write('node_modules/oxlint/bin/oxlint', tool('lint'));
  clone.write('node_modules/knip/bin/knip.js', tool('knip'));
  clone.write('node_modules/vitest/vitest.mjs', tool('test', "import { writeFileSync } from 'node:fs'; writeFileSync(process.env.KB_TEST_TOTALS, '5 passed, 0 failed, 1 skipped\\n');"));
  for (const name of ['typescript-7', 'oxlint', 'knip', 'vitest']) clone.write(`node_modules/${name}/package.json`, '{"type":"module"}');
}

/** Types are checked for three programs: this one, Studio, and what drives Studio. */
const TYPES = ['types', 'types', 'types'];
const BESIDE = ['types', 'lint', 'boundaries', 'knip'];
/** In order, but for those that are done beside each other, which are put together. */
const stepsRun = (): string[] => {
  const all = clone.calls().filter((call) => call.startsWith('step ')).map((call) => call.slice('step '.length));
  const first = all.findIndex((name) => BESIDE.includes(name));
  const last = all.findLastIndex((name) => BESIDE.includes(name));
  if (first < 0) return all;
  return [...all.slice(0, first), ...all.slice(first, last + 1).sort((a, b) => BESIDE.indexOf(a) - BESIDE.indexOf(b)), ...all.slice(last + 1)];
};
const summaryOf = (stdout: string): string => stdout.replace(/ +[\d.]+ s$/gm, '');

it('runs every step once, says one line about each and the totals last', async () => {
  makeTools();
  const { code, stdout } = await clone.launch('run.sh', ['check']);
  expect(summaryOf(stdout)).toBe(
    ['build      ok', 'packages   ok', 'types      ok', 'lint       ok', 'boundaries ok', 'knip       ok', 'test       ok', 'check: ok', '5 passed, 0 failed, 1 skipped', ''].join('\n'),
  );
  expect(code).toBe(0);
  expect(stepsRun()).toEqual(['declarations', 'packages', ...TYPES, 'lint', 'boundaries', 'knip', 'test']);
});

it.each(['declarations', 'packages', 'types', 'lint', 'boundaries', 'knip', 'test'])('fails when %s fails, shows why, and goes on', async (failing) => {
  makeTools(failing);
  const { code, stdout } = await clone.launch('run.sh', ['check']);
  expect(code).toBe(1);
  expect(stdout).toContain(`${failing} found this\n`);
  expect(stdout).toContain(`check: FAILED (${failing === 'declarations' ? 'build' : failing})\n`);
  expect(stepsRun()).toEqual(['declarations', 'packages', ...(failing === 'types' ? ['types'] : TYPES), 'lint', 'boundaries', 'knip', 'test']);
});

it('leaves out what it is told to, and knows no other word', async () => {
  makeTools();
  const { stdout } = await clone.launch('run.sh', ['check', '--without', 'test', '--without', 'lint']);
  expect(stdout).toMatch(/check: ok\n$/);
  expect(stepsRun()).toEqual(['declarations', 'packages', ...TYPES, 'boundaries', 'knip']);
  expect(await clone.launch('run.sh', ['check', '--without', 'tests'])).toMatchObject({ code: 2 });
  expect(await clone.launch('run.sh', ['check', 'lint'])).toMatchObject({ code: 2 });
  expect(stepsRun()).toEqual([]);
});
