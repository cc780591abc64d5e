import { spawnSync } from 'node:child_process';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { carryIn } from './carry-in.js';

const SHOW = ['-e', 'console.log(JSON.stringify([process.env, process.argv.slice(1)]))', '--'];
const SHELLS = ['sh', 'bash'].filter((shell) => spawnSync(shell, ['-c', 'exit 0']).status === 0);

/** Environment and arguments as the program sees them. */
function arrive(env: Record<string, string>, args: readonly string[] = [], shell = 'sh'): [Record<string, string>, string[]] {
  const carried = carryIn({ program: process.execPath, args: [...SHOW, ...args], cwd: '/', env });
  const { status, stderr, stdout } = spawnSync(shell, carried.args.slice(1), { argv0: 'sh', env: { ...carried.env }, encoding: 'utf8' });
  expect([stderr, status]).toEqual(['', 0]);
  return JSON.parse(stdout) as [Record<string, string>, string[]];
}

describe('carryIn', () => {
  it('shows the programs on the way no name that they could obey', () => {
    const { args, env } = carryIn({ program: 'x', args: [], cwd: '/', env: { LD_PRELOAD: 'a', DOCKER_HOST: 'b', PATH: 'c', KB_RUN_ID: 'd', KB_x: 'e' } });
    expect(env).toEqual({ KBENV_0: 'a', KBENV_1: 'b', KBENV_2: 'c', KB_RUN_ID: 'd', KBENV_4: 'e' });
    expect(args).toEqual(['sh', '-c', expect.not.stringMatching(/['"][abce]['"]/), 'sh', 'x']);
  });

  it.each(SHELLS)('gives names of all kinds back in %s', (shell) => {
    const env = { PATH: '/usr/bin:/bin', UID: '7', PPID: '8', IFS: 'x', OPTIND: 'text', SHELLOPTS: 'errexit', 'a.b-c': '1', "it's": '2', ünïcode: '3', PS1: '$', _: '4', KB_RUN_ID: 'r' };
    const [{ PWD, SHLVL, _, ...seen }] = arrive(env, [], shell);
    const { _: last, ...expected } = env;
    expect(seen).toEqual(expected);
  });

  it('changes no value and no argument', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0'));
    const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/).filter((each) => !['PWD', 'SHLVL', 'NODE_OPTIONS'].includes(each) && !each.startsWith('NODE') && !each.startsWith('LD_') && !each.startsWith('KBENV'));
    fc.assert(
      fc.property(fc.dictionary(name, text, { maxKeys: 4, noNullPrototype: true }), fc.array(text, { maxLength: 3 }), (env, args) => {
        const [{ PWD, SHLVL, OLDPWD, _, ...seen }, given] = arrive(env, args);
        expect([seen, given]).toEqual([env, args]);
      }),
      { numRuns: 25 },
    );
  });

  it('runs lines before and after the environment is there', () => {
    const { args, env } = carryIn({ program: 'true', args: [], cwd: '/', env: { A: 'set' } }, { before: ['echo "before:$A"'], after: ['echo "after:$A"'] });
    expect(spawnSync('sh', args.slice(1), { env: { ...env }, encoding: 'utf8' }).stdout).toBe('before:\nafter:set\n');
  });
});
