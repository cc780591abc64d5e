import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { KB, makeProject, startKb } from './drive-kb.js';

const ARENAS = /^MALLOC_ARENA_MAX=(.*)$/;

describe.runIf(process.platform === 'linux')('a daemon', () => {
  let project: ReturnType<typeof makeProject>;
  beforeAll(() => {
    project = makeProject({});
  });
  afterAll(() => project.remove());

  it.each([
    ['two pools of memory', {}, '2'],
    ['as many as somebody says', { MALLOC_ARENA_MAX: '7' }, '7'],
  ])('has %s, in the process that was started', async (_, env, expected) => {
    const { child, ended, until } = startKb(project.root, ['daemon:start', '--port=0'], { env });
    const line = /^.*the daemon works.*$/m.exec(await until('the daemon works'))?.[0] ?? '';
    expect(JSON.parse(line)).toMatchObject({ pid: child.pid });
    expect(arenasOf(child.pid)).toBe(expected);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('keeps the channel for messages of who has started it', async () => {
    const child = spawn(process.execPath, [KB, 'daemon:start', '--port=0'], { cwd: project.root, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    for await (const line of createInterface({ input: child.stdout ?? fail() })) if (line.includes('the daemon works')) break;
    expect([child.connected, arenasOf(child.pid)]).toEqual([true, undefined]);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });
});

/** What the C library of a process was told when that began. */
function arenasOf(pid: number | undefined): string | undefined {
  const environment = readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0');
  return environment.map((entry) => ARENAS.exec(entry)?.[1]).find((value) => value !== undefined);
}

function fail(): never {
  throw new Error('the daemon has no output');
}
