import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Shell } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { recordCall, scriptInput, silentLogger, temporaryFolder } from '../step-call.fixture.js';
import { runScript } from './run-script.js';

/** What a host may have in its environment that is nobody's business, or that would change what a script does. */
const PLANTED = [
  'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AZURE_CLIENT_SECRET', 'GITHUB_TOKEN', 'GH_TOKEN', 'GITLAB_TOKEN', 'NPM_TOKEN', 'NODE_AUTH_TOKEN',
  'SLACK_WEBHOOK', 'STRIPE_KEY', 'DATABASE_URL', 'REDIS_URL', 'KB_STATE_URL', 'KB_API_KEY', 'KB_SECRET_DEPLOY', 'KB_URL', 'SSH_AUTH_SOCK', 'GPG_TTY',
  'OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'BASH_ENV', 'ENV', 'SHELLOPTS', 'PROMPT_COMMAND', 'NODE_OPTIONS', 'NODE_PATH', 'PYTHONPATH', 'PYTHONSTARTUP',
  'LD_PRELOAD', 'LD_LIBRARY_PATH', 'GIT_SSH_COMMAND', 'BASH_FUNC_ls%%', 'IFS', 'HTTP_PROXY', 'npm_config_userconfig', 'INIT_CWD',
];
const BASE = { PATH: process.env['PATH'] ?? '', HOME: '/home/nobody', LANG: 'C.UTF-8', TZ: 'UTC' };
const ENGINE = ['KB_RUN_ID', 'KB_JOB_ID', 'KB_STEP_ID', 'KB_ATTEMPT', 'KB_IDEMPOTENCY_KEY', 'KB_WORKSPACE', 'KB_ARTIFACTS', 'KB_OUTPUT', 'KB_STEP_TOKEN'];

const PRINTED: Readonly<Record<Shell, string>> = {
  bash: 'tr "\\0" "\\n" < /proc/$$/environ',
  sh: 'tr "\\0" "\\n" < /proc/$$/environ',
  node: 'for (const [name, value] of Object.entries(process.env)) console.log(`${name}=${value}`)',
  python: 'import os\nfor name, value in os.environ.items(): print(f"{name}={value}")',
};
/** What an interpreter adds by itself, or the launcher of it. */
const OWN = /^(LC_CTYPE|_?PYENV_|_$|PWD$|OLDPWD$|SHLVL$)/;

describe('the environment of a script', () => {
  it.each(['bash', 'sh', 'node', 'python'] as const)('of %s: the base, what is declared, the engine, and none of what was planted', async (shell) => {
    using folder = temporaryFolder();
    const canary = join(folder.path, 'canary');
    writeFileSync(join(folder.path, 'plant.sh'), `touch ${canary}\n`);
    const planted = Object.fromEntries(PLANTED.map((name) => [name, join(folder.path, 'plant.sh')]));
    const names = await namesIn(shell, { hostEnv: { ...planted, ...BASE, TMPDIR: folder.path }, workspace: folder.path });
    expect(PLANTED.length).toBeGreaterThanOrEqual(30);
    expect(names.filter((name) => PLANTED.includes(name))).toEqual([]);
    expect(names.filter((name) => !OWN.test(name)).sort()).toEqual([...Object.keys(BASE), 'TMPDIR', ...ENGINE, 'DECLARED'].sort());
    expect(existsSync(canary)).toBe(false);
  });

  it('is seen by the check to hold more when more is handed on', async () => {
    using folder = temporaryFolder();
    const names = await namesIn('bash', { hostEnv: BASE, workspace: folder.path, env: { AWS_SECRET_ACCESS_KEY: 'x' } });
    expect(names.filter((name) => PLANTED.includes(name))).toEqual(['AWS_SECRET_ACCESS_KEY']);
  });

  it('says where the script is, and nothing a document declares can say otherwise', async () => {
    using folder = temporaryFolder();
    const forged = Object.fromEntries(ENGINE.map((name) => [name, 'forged']));
    const { call, lines } = recordCall({
      workspace: folder.path,
      attempt: 1,
      stepAttempt: 2,
      env: { ...forged, PATH: `${BASE.PATH}:/declared`, KB_EXPR_1: 'kept' },
      input: scriptInput('env | grep -E "^(KB_|PATH)" | sort'),
    });
    await runScript(call, { hostEnv: BASE, logger: silentLogger });
    expect(lines.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^KB_ARTIFACTS=.*\/kb-step-\d+-\w+\/artifacts$/),
      'KB_ATTEMPT=2',
      'KB_EXPR_1=kept',
      `KB_IDEMPOTENCY_KEY=${call.idempotencyKey}`,
      `KB_JOB_ID=${call.job}`,
      expect.stringMatching(/^KB_OUTPUT=.*\/kb-step-\d+-\w+\/output$/),
      `KB_RUN_ID=${call.runId}`,
      `KB_STEP_ID=${call.step}`,
      expect.stringMatching(/^KB_STEP_TOKEN=[0-9a-z]+(-[0-9a-z]+){2}$/),
      `KB_WORKSPACE=${folder.path}`,
      `PATH=${BASE.PATH}:/declared`,
    ]);
  });

  it('holds any value byte for byte', async () => {
    using folder = temporaryFolder();
    const value = `${Array.from({ length: 255 }, (_, at) => String.fromCharCode(at + 1)).join('')}€😀\n\n"'\\$(touch canary)`;
    const { call } = recordCall({ workspace: folder.path, env: { VALUE: value }, input: scriptInput('process.stdout.write(JSON.stringify(process.env.VALUE))', 'node') });
    const { outputs } = await runScript(call, { hostEnv: BASE, logger: silentLogger });
    expect(JSON.parse(String(outputs['stdout']))).toBe(value);
  });

  it.each([
    ['a NUL character', { VALUE: 'a\0b' }, 'the value of VALUE holds a NUL character'],
    ['more than the system takes', { VALUE: 'x'.repeat(200_000) }, 'VALUE takes 200000 bytes'],
    ['a name with "="', { 'A=B': 'x' }, 'cannot be the name of an environment variable'],
  ])('is refused with %s: the script does not start', async (_, env, message) => {
    using folder = temporaryFolder();
    const { call, lines } = recordCall({ workspace: folder.path, env, input: scriptInput('echo started') });
    const outcome = await runScript(call, { hostEnv: BASE, logger: silentLogger });
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'PROGRAM_NOT_STARTED', message: expect.stringContaining(message) }, retryable: false });
    expect(lines).toEqual([]);
  });
});

async function namesIn(shell: Shell, { hostEnv, workspace, env = {} }: { hostEnv: Record<string, string>; workspace: string; env?: Record<string, string> }): Promise<string[]> {
  const { call, lines } = recordCall({ workspace, env: { DECLARED: 'x', ...env }, input: scriptInput(PRINTED[shell], shell) });
  expect(await runScript(call, { hostEnv, logger: silentLogger })).toMatchObject({ status: 'success' });
  return lines.map(({ text }) => text.slice(0, text.indexOf('=')));
}
