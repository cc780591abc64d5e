import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it, vi } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { alive, processesIn } from './live-processes.fixture.js';
import { type ProcessOptions, startProcess } from './start-process.js';
import { TOKEN_VARIABLE } from './tree-token.js';

const PATH = process.env['PATH'] ?? '';

describe('startProcess', () => {
  it('gives the output, the exit code and nothing else', async () => {
    const { ended, out, err } = start({ args: ['-c', 'echo out; echo err >&2; exit 3'] });
    expect(await ended).toEqual({ kind: 'exited', exitCode: 3, aborted: false, leftovers: 0, survivors: [] });
    expect([out(), err()]).toEqual(['out\n', 'err\n']);
  });

  it('says which signal ended the program, and its number as shells do', async () => {
    expect(await start({ args: ['-c', 'kill -SEGV $$'] }).ended).toMatchObject({ kind: 'exited', exitCode: 139, signal: 'SIGSEGV', aborted: false });
  });

  it('hands arguments over as they are: there is no shell', async () => {
    const args = ['$(touch canary)', '; ls', '*', '', "'", '"', '\\', '--', 'a\nb', '€'];
    const { ended, out } = start({ program: process.execPath, args: ['-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--', ...args] });
    await ended;
    expect(JSON.parse(out())).toEqual(args);
  });

  it('gives the program exactly the environment it is told, and the token', async () => {
    const { ended, out } = start({ program: process.execPath, args: ['-p', 'JSON.stringify(process.env)'], env: { A: '1', B: 'x=y\nz' } });
    await ended;
    expect(JSON.parse(out())).toEqual({ PATH, A: '1', B: 'x=y\nz', [TOKEN_VARIABLE]: expect.stringMatching(/^[0-9a-z]+(-[0-9a-z]+){2}$/) });
  });

  it('adds its token to that of a step around it', async () => {
    const { ended, out } = start({ args: ['-c', `echo "$${TOKEN_VARIABLE}"`], env: { [TOKEN_VARIABLE]: 'outer' } });
    await ended;
    expect(out()).toMatch(/^outer,[0-9a-z]+(-[0-9a-z]+){2}\n$/);
  });

  it('feeds the input, however large, and gives an empty one when there is none', async () => {
    const input = 'x€\n'.repeat(200_000);
    const fed = start({ program: 'cat', args: [], input });
    await fed.ended;
    expect(fed.out() === input).toBe(true);
    const unfed = start({ program: 'cat', args: [] });
    expect(await unfed.ended).toMatchObject({ exitCode: 0 });
    expect(unfed.out()).toBe('');
  });

  it('does not mind a program that ends without reading its input', async () => {
    expect(await start({ program: 'true', args: [], input: 'x'.repeat(5_000_000) }).ended).toMatchObject({ exitCode: 0 });
  });

  it('gives all the output of a program that ends at once', async () => {
    const { ended, out } = start({ args: ['-c', 'head -c 3000000 /dev/zero; exit 1'] });
    expect(await ended).toMatchObject({ exitCode: 1 });
    expect(out().length).toBe(3_000_000);
  });

  it('holds the program back while nobody takes its output, and still gives all of it', async () => {
    using folder = temporaryFolder();
    const script = 'head -c 8000000 /dev/zero; echo done > "$1"';
    let taken = 0;
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const marker = join(folder.path, 'held');
    const { ended } = start({ args: ['-c', script, 'sh', marker], onStdout: (chunk) => ((taken += chunk.length), held) });
    await vi.waitFor(() => expect(taken).toBeGreaterThan(0));
    const other = join(folder.path, 'other');
    await start({ args: ['-c', script, 'sh', other] }).ended;
    expect([existsSync(other), existsSync(marker)]).toEqual([true, false]);
    expect(taken).toBeLessThan(1_000_000);
    goOn();
    expect(await ended).toMatchObject({ exitCode: 0 });
    expect(taken).toBe(8_000_000);
  });

  it('ends a program whose output nobody takes, when it is aborted', async () => {
    const controller = new AbortController();
    let isTaking = false;
    const { ended } = start({
      args: ['-c', 'yes'],
      signal: controller.signal,
      onStdout: () => {
        isTaking = true;
        return new Promise(() => undefined);
      },
    });
    await vi.waitFor(() => expect(isTaking).toBe(true));
    controller.abort();
    expect(await ended).toMatchObject({ aborted: true, survivors: [] });
  });

  it.each<[string, (pid: number) => Promise<boolean>, object]>([
    ['is not sent TERM when it has been told in another way', (pid) => Promise.resolve(process.kill(pid, 'SIGUSR1')), { exitCode: 5 }],
    ['is sent TERM when it could not be told in another way', () => Promise.resolve(false), { exitCode: 6 }],
    ['is sent TERM when telling it takes longer than it may', () => new Promise<boolean>(() => undefined), { exitCode: 6 }],
    ['is killed when it does not do what it is told', () => Promise.resolve(true), { exitCode: 137 }],
  ])('%s', async (_, tell, expected) => {
    const controller = new AbortController();
    const { ended, pid } = start({
      args: ['-c', 'trap "exit 5" USR1; trap "exit 6" TERM; echo ready; while :; do sleep 0.01; done'],
      signal: controller.signal,
      onStdout: () => controller.abort(),
      terminate: () => tell(pid ?? 0),
    });
    expect(await ended).toMatchObject({ ...expected, aborted: true, survivors: [] });
  });

  it('ends the program and fails when its output cannot be taken', async () => {
    using folder = temporaryFolder();
    const pids = join(folder.path, 'pids');
    const { ended } = start({
      args: ['-c', 'echo $$ > "$1"; echo x; sleep 1000', 'sh', pids],
      onStdout: () => {
        throw new Error('the disk is full');
      },
    });
    await expect(ended).rejects.toThrow('the disk is full');
    expect(alive(await processesIn(pids, 1))).toEqual([]);
  });

  it('gives pipes that can be opened again by name when it has a place for them', async () => {
    using folder = temporaryFolder();
    const script = 'echo a > /dev/stdout; echo b | tee /dev/stderr; echo c > /proc/self/fd/1';
    const { ended, out, err } = start({ args: ['-c', script], pipeFolder: folder.path });
    expect(await ended).toMatchObject({ exitCode: 0 });
    expect([out(), err()]).toEqual(['a\nb\nc\n', 'b\n']);
  });
});

describe('a program that cannot be started', () => {
  it.each<[string, Partial<ProcessOptions>, object]>([
    ['is not there', { program: 'no-such-program' }, { reason: 'program-missing', problem: 'no-such-program was not found', temporary: false }],
    ['is not there by its path', { program: '/no/such/program' }, { reason: 'program-missing' }],
    ['is a folder', { program: '/' }, { reason: 'program-refused' }],
    ['starts in a folder that is not there', { cwd: '/no/such/folder' }, { reason: 'folder-missing', problem: 'the folder /no/such/folder does not exist' }],
    ['starts in a file', { cwd: '/bin/sh' }, { reason: 'folder-missing' }],
    ['gets a variable that is too large', { env: { SMALL: 'x', LARGE: 'x'.repeat(200_000) } }, { reason: 'environment', problem: expect.stringContaining('LARGE takes 200000 bytes'), hint: expect.stringContaining('file') }],
    ['gets a variable with NUL', { env: { NAME: 'a\0b' } }, { reason: 'environment', problem: expect.stringContaining('NAME') }],
    ['gets a variable without a name', { env: { '': 'x' } }, { reason: 'environment' }],
    ['gets a variable whose name forges another', { env: { 'KB_RUN_ID=forged;': 'x' } }, { reason: 'environment' }],
    ['gets an argument with NUL', { args: ['a\0b'] }, { reason: 'environment' }],
    ['was aborted before', { signal: AbortSignal.abort() }, { reason: 'aborted' }],
  ])('%s', async (_, options, expected) => {
    const { ended, pid } = start({ args: [], ...options });
    expect(pid).toBeUndefined();
    expect(await ended).toMatchObject({ kind: 'not-started', temporary: false, ...expected });
  });

  it('has no permission to be executed', async () => {
    using folder = temporaryFolder();
    const program = join(folder.path, 'plain');
    writeFileSync(program, 'text', { mode: 0o644 });
    expect(await start({ program, args: [] }).ended).toMatchObject({ kind: 'not-started', reason: 'program-refused' });
  });
});

function start(options: Partial<ProcessOptions> & Pick<ProcessOptions, 'args'>) {
  let out = '';
  let err = '';
  const { env, ...rest } = options;
  const running = startProcess({
    program: 'sh',
    cwd: '/',
    env: { PATH, ...env },
    signal: new AbortController().signal,
    killGraceMs: 1_000,
    onStdout: (chunk) => void (out += chunk.toString('latin1')),
    onStderr: (chunk) => void (err += chunk.toString('latin1')),
    ...rest,
  });
  return { ...running, out: () => Buffer.from(out, 'latin1').toString('utf8'), err: () => err };
}
