import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { toGrant } from './grant.js';
import { pluginPrograms } from './plugin-exec.js';

const folder = temporaryFolder();
const workspace = folder.path;
afterAll(() => folder[Symbol.dispose]());

const PATH = process.env['PATH'] ?? '';
const programs = (options: { shell?: boolean | string[]; signal?: AbortSignal; env?: Record<string, string> } = {}) =>
  pluginPrograms({
    workspace,
    grant: toGrant({ shell: options.shell ?? true }, {}),
    env: { PATH, ...options.env },
    signal: options.signal ?? new AbortController().signal,
    killGraceMs: 200,
  });
const DENIED = { code: 'PERMISSION_DENIED' };

describe('ctx.exec', () => {
  it('starts a program with its arguments as they are, without a shell', async () => {
    const { exec } = programs();
    expect(await exec('printf', ['%s|', 'a b', '$(touch x)', '*', ''])).toEqual({ exitCode: 0, stdout: 'a b|$(touch x)|*||', stderr: '' });
    expect(await exec('sh', ['-c', 'cat; echo err >&2; exit 3'], { input: 'given' })).toEqual({ exitCode: 3, stdout: 'given', stderr: 'err\n' });
    expect(await exec('sh', ['-c', 'kill -TERM $$'])).toMatchObject({ exitCode: 143 });
    expect(await exec('sh', ['-c', 'head -c 1'], { input: 'x'.repeat(1_000_000) })).toMatchObject({ exitCode: 0, stdout: 'x' });
  });

  it('starts only granted programs, by their names', async () => {
    const { exec } = programs({ shell: ['printf'] });
    expect(await exec('printf', ['ok'])).toMatchObject({ stdout: 'ok' });
    await expect(exec('sh', ['-c', 'true'])).rejects.toMatchObject({ ...DENIED, details: { act: 'starting sh', permission: 'shell: [sh]' } });
    await expect(exec('/usr/bin/printf', ['x'])).rejects.toMatchObject(DENIED);
    await expect(programs({ shell: false }).exec('printf')).rejects.toMatchObject(DENIED);
  });

  it('finds a granted name neither in the workspace nor by a PATH of the call', async () => {
    mkdirSync(join(workspace, 'bin'), { recursive: true });
    writeFileSync(join(workspace, 'bin/printf'), '#!/bin/sh\necho replaced\n');
    chmodSync(join(workspace, 'bin/printf'), 0o755);
    const bin = join(workspace, 'bin');
    expect(await programs({ shell: ['printf'] }).exec('printf', ['real'], { env: { PATH: `${bin}:${PATH}` } })).toMatchObject({ stdout: 'real' });
    expect(await programs({ env: { PATH: `bin:.::${PATH}` } }).exec('printf', ['real'])).toMatchObject({ stdout: 'real' });
    expect(await programs({ env: { PATH: `${bin}:${PATH}` } }).exec('printf', ['x'])).toMatchObject({ stdout: 'replaced\n' });
  });

  it('gives the environment of the step and of the call, and nothing of this process', async () => {
    process.env['KB_PLANTED'] = 'visible';
    const { stdout } = await programs({ env: { OF_STEP: '1', BOTH: 'step' } }).exec('env', [], { env: { OF_CALL: '2', BOTH: 'call' } });
    delete process.env['KB_PLANTED'];
    const names = stdout.trim().split('\n').sort();
    expect(names.filter((line) => !line.startsWith('KB_STEP_TOKEN='))).toEqual(['BOTH=call', 'OF_CALL=2', 'OF_STEP=1', `PATH=${PATH}`].sort());
  });

  it('starts in the workspace or inside it', async () => {
    mkdirSync(join(workspace, 'sub'), { recursive: true });
    symlinkSync('/', join(workspace, 'out'));
    const { exec } = programs();
    expect(await exec('pwd')).toMatchObject({ stdout: `${workspace}\n` });
    expect(await exec('pwd', [], { cwd: 'sub' })).toMatchObject({ stdout: `${workspace}/sub\n` });
    for (const cwd of ['..', '/', 'out', 'out/tmp']) await expect(exec('pwd', [], { cwd })).rejects.toMatchObject(DENIED);
    await expect(exec('pwd', [], { cwd: 'none' })).rejects.toMatchObject({ code: 'PROGRAM_NOT_STARTED' });
  });

  it('says what is missing or cannot be passed', async () => {
    const { exec } = programs();
    await expect(exec('kb-no-such-program')).rejects.toMatchObject({ code: 'PROGRAM_NOT_FOUND', kbRetry: 'never' });
    await expect(exec(join(workspace, 'none'))).rejects.toMatchObject({ code: 'PROGRAM_NOT_FOUND' });
    await expect(exec('printf', ['a\0b'])).rejects.toMatchObject({ code: 'PROGRAM_NOT_STARTED' });
  });

  it('hands lines over as they come, and holds the program back meanwhile', async () => {
    const lines: string[] = [];
    const result = await programs().exec('sh', ['-c', 'echo one; echo two >&2; printf three'], {
      onLine: async (line, stream) => {
        await Promise.resolve();
        lines.push(`${stream} ${line}`);
      },
    });
    expect(result).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(lines.sort()).toEqual(['stderr two', 'stdout one', 'stdout three']);
  });

  it('ends the program when its lines cannot be taken, its time is up, or it prints too much', async () => {
    const { exec, ended } = programs();
    const endless = ['-c', 'trap "" TERM; while :; do echo 0123456789; done'];
    const onLine = (): void => {
      throw new Error('cannot take it');
    };
    await expect(exec('sh', endless, { onLine })).rejects.toThrow('cannot take it');
    await expect(exec('sh', endless, { timeoutMs: 50, onLine: () => undefined })).rejects.toMatchObject({ code: 'EXEC_TIMEOUT' });
    await expect(exec('sh', endless, { maxOutputBytes: 1_000 })).rejects.toMatchObject({ code: 'EXEC_OUTPUT_TOO_LARGE' });
    expect(await exec('printf', ['12345'], { maxOutputBytes: 5 })).toMatchObject({ stdout: '12345' });
    await expect(exec('printf', ['123456'], { maxOutputBytes: 5 })).rejects.toMatchObject({ code: 'EXEC_OUTPUT_TOO_LARGE' });
    expect(await ended()).toEqual([]);
  });

  it('ends all of it with the step, and starts nothing after', async () => {
    const step = new AbortController();
    const { exec, ended } = programs({ signal: step.signal });
    const pids: number[] = [];
    const running = exec('sh', ['-c', 'setsid sleep 300 & echo $!; echo $$; sleep 300'], {
      onLine: (line) => {
        if (pids.push(Number(line)) === 2) step.abort(new Error('cancelled'));
      },
    });
    await expect(running).rejects.toThrow('cancelled');
    expect(await ended()).toEqual([]);
    expect(pids).toHaveLength(2);
    for (const pid of pids) expect(isRunning(pid)).toBe(false);
    await expect(exec('printf')).rejects.toThrow('cancelled');
  });
});

/** One that has ended and waits to be collected by its parent does not run any more. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) [ZX] /.test(readFileSync(`/proc/${String(pid)}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
