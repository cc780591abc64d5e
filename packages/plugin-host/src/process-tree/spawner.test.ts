import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { spawnSource } from '@kb-labs/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { alive, processesIn, STAY } from './live-processes.fixture.js';
import { allProcessIds, environmentOf, HAS_PROCESS_LIST } from './process-list.js';
import { readySpawner } from './ready-spawner.fixture.js';
import { Spawner } from './spawner.js';
import { type ProcessOptions, startProcess } from './start-process.js';
import { TOKEN_VARIABLE } from './tree-token.js';

const PATH = process.env['PATH'] ?? '';
const HOST_FILE = fileURLToPath(new URL('./working-host.fixture.ts', import.meta.url));

const spawner = new Spawner(process.env);
beforeAll(() => readySpawner(spawner));
afterAll(() => spawner.close());

describe('a program that a spawner starts', () => {
  it('is a child of the spawner, which starts nothing while programs are few', async () => {
    const few = new Spawner(process.env);
    expect(await parentOfOne(few)).toBe(process.pid);
    const { pid } = await readySpawner(few);
    expect(await parentOfOne(few)).toBe(pid);
    few.close();
  });

  it.each<[string, Partial<ProcessOptions>]>([
    ['writes to both outputs and fails', { args: ['-c', 'echo out; echo err >&2; exit 3'] }],
    ['is ended by a signal', { args: ['-c', 'kill -SEGV $$'] }],
    ['ends with the number that a signal would have', { args: ['-c', 'exit 143'] }],
    ['gets arguments of any form', { program: process.execPath, args: ['-e', 'console.log(JSON.stringify(process.argv))', '--', '$(touch canary)', '', "'", '"', '\\', 'a\nb', '€\u{1f600}'] }],
    ['gets its folder, and an empty input', { cwd: '/tmp', args: ['-c', 'pwd; cat; echo end'] }],
    ['leaves a session of its own', { args: ['-c', 'ps -o pid=,pgid=,sid= -p $$ | tr -s " " "\\n" | sort -u | grep -c .'] }],
    ['writes much', { args: ['-c', 'head -c 3000000 /dev/zero; head -c 100000 /dev/zero >&2'] }],
    ['has closed its outputs', { args: ['-c', 'exec >&- 2>&-; exit 4'] }],
    ['is not there', { program: 'no-such-program', args: [] }],
    ['is a folder', { program: '/', args: [] }],
    ['starts in a folder that is not there', { cwd: '/no/such/folder', args: [] }],
    ['gets more than the system takes', { args: [], env: { LARGE: 'x'.repeat(200_000) } }],
  ])('does and is told as it is without one when it %s', async (_, options) => {
    const [there, here] = [start({ ...options, args: options.args ?? [], spawner }), start({ ...options, args: options.args ?? [] })];
    expect(await there.ended).toEqual(await here.ended);
    expect([there.out(), there.err()]).toEqual([here.out(), here.err()]);
  });

  it('gets exactly the environment it is told, and the token', async () => {
    const { ended, out } = start({ program: process.execPath, args: ['-p', 'JSON.stringify(process.env)'], env: { A: '1', B: 'x=y\nz€' }, spawner });
    await ended;
    expect(JSON.parse(out())).toEqual({ PATH, A: '1', B: 'x=y\nz€', [TOKEN_VARIABLE]: expect.stringMatching(/^[0-9a-z]+(-[0-9a-z]+){2}$/) });
  });

  it('can open its outputs again by name', async () => {
    const { ended, out, err } = start({ args: ['-c', 'echo a > /dev/stdout; echo b | tee /dev/stderr'], spawner });
    expect(await ended).toMatchObject({ exitCode: 0 });
    expect([out(), err()]).toEqual(['a\nb\n', 'b\n']);
  });

  it('is held back while nobody takes its output, and others are not', async () => {
    using folder = temporaryFolder();
    const script = 'head -c 8000000 /dev/zero; echo done > "$1"';
    const { promise: held, resolve: goOn } = Promise.withResolvers<void>();
    let taken = 0;
    const [slow, quick] = [join(folder.path, 'slow'), join(folder.path, 'quick')];
    const { ended } = start({ args: ['-c', script, 'sh', slow], onStdout: (chunk) => ((taken += chunk.length), held), spawner });
    await vi.waitFor(() => expect(taken).toBeGreaterThan(0));
    expect(await start({ args: ['-c', script, 'sh', quick], spawner }).ended).toMatchObject({ exitCode: 0 });
    expect([existsSync(quick), existsSync(slow)]).toEqual([true, false]);
    goOn();
    expect(await ended).toMatchObject({ exitCode: 0 });
    expect(taken).toBe(8_000_000);
  });

  it('is started also when more are wanted at once than there are pipes', async () => {
    const ends = await Promise.all(Array.from({ length: 66 }, (_, code) => start({ args: ['-c', `exit ${String(code)}`], spawner }).ended));
    expect(ends.map((end) => end.kind === 'exited' && end.exitCode)).toEqual(Array.from({ length: 66 }, (_, code) => code));
  });

  it('gets pipes that others have used before it', async () => {
    using folder = temporaryFolder();
    const saving = new Spawner({ ...process.env, TMPDIR: folder.path });
    await readySpawner(saving);
    const pipes = (): string[] => readdirSync(folder.path).flatMap((name) => readdirSync(join(folder.path, name)));
    const made = pipes();
    for (let n = 0; n < made.length; n += 1) {
      const { ended, out, err } = start({ args: ['-c', `echo ${String(n)}; echo no >&2; exit ${String(n % 3)}`], spawner: saving });
      expect(await ended).toMatchObject({ exitCode: n % 3 });
      expect([out(), err()]).toEqual([`${String(n)}\n`, 'no\n']);
    }
    expect(pipes()).toEqual(made);
    saving.close();
  });

  it.skipIf(!HAS_PROCESS_LIST)('gets none that anybody may still write to', async () => {
    using folder = temporaryFolder();
    const careful = new Spawner({ ...process.env, TMPDIR: folder.path });
    await readySpawner(careful);
    const { ended, out } = start({ args: ['-c', 'readlink /proc/$$/fd/1; read line < "$1"', 'sh', fifoIn(folder.path)], spawner: careful });
    await vi.waitFor(() => expect(out()).not.toBe(''));
    const path = out().trim();
    const writer = openSync(path, constants.O_WRONLY);
    writeFileSync(join(folder.path, 'go-on'), '\n');
    expect(await ended).toMatchObject({ exitCode: 0 });
    await vi.waitFor(() => expect(existsSync(path)).toBe(false));
    closeSync(writer);
    careful.close();
  });

  it.skipIf(!HAS_PROCESS_LIST)('is ended when it was not wanted any more before it had started', async () => {
    using folder = temporaryFolder();
    const controller = new AbortController();
    const { ended } = start({ program: 'sleep', args: ['1000'], env: { MARK: folder.path }, signal: controller.signal, spawner });
    controller.abort();
    expect(await ended).toMatchObject({ kind: 'exited', aborted: true, survivors: [] });
    expect(marked(folder.path)).toEqual([]);
  });
});

/** They say their ids and stay for good. */
const STAYING: readonly [string, string, number][] = [
  ['a child that ignores TERM', 'trap "" TERM; (stay) & wait', 1],
  ['a session of its own', "export PIDS; setsid sh -c 'trap \"\" TERM; echo $$ >> \"$PIDS\"; while :; do sleep 0.05; done' & wait", 1],
  ['a double fork', '( (stay) & ); echo $$ >> "$PIDS"; sleep 1000', 2],
  ['a child behind nohup', "nohup sh -c 'echo $$ >> \"$PIDS\"; exec sleep 1000' >/dev/null 2>&1 & wait", 1],
  ['a child with an empty environment in a session of its own', 'env -i PIDS="$PIDS" PATH="$PATH" setsid sh -c \'echo $$ >> "$PIDS"; sleep 1000\' & wait', 1],
];

describe.skipIf(!HAS_PROCESS_LIST)('what it leaves', () => {
  it.each(STAYING)('is ended on abort: %s', async (_, script, count) => {
    using folder = temporaryFolder();
    const pids = join(folder.path, 'pids');
    const controller = new AbortController();
    const { ended } = stay(script, { pids, signal: controller.signal });
    const staying = await processesIn(pids, count);
    controller.abort();
    expect(await ended).toMatchObject({ kind: 'exited', aborted: true, survivors: [] });
    expect(alive(staying)).toEqual([]);
  });

  it('is ended when it ends by itself', async () => {
    using folder = temporaryFolder();
    const pids = join(folder.path, 'pids');
    const { ended } = stay('setsid sh -c \'echo $$ >> "$PIDS"; exec sleep 1000\' & while ! [ -s "$PIDS" ]; do sleep 0.01; done; exit 5', { pids });
    expect(await ended).toMatchObject({ exitCode: 5, leftovers: 1 });
    expect(alive(await processesIn(pids, 1))).toEqual([]);
  });
});

describe('a spawner', () => {
  it('does not end at a signal that is meant for all of a terminal or a service', async () => {
    const { pid = 0 } = await readySpawner(spawner);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal);
    expect(await parentOfOne(spawner)).toBe(pid);
  });

  it.skipIf(!HAS_PROCESS_LIST)('that dies takes what it has started along, which is interrupted; others are started without it', async () => {
    using folder = temporaryFolder();
    const pids = join(folder.path, 'pids');
    const dying = new Spawner(process.env);
    const { pid = 0 } = await readySpawner(dying);
    const { ended } = stay('(stay) & setsid sh -c \'echo $$ >> "$PIDS"; exec sleep 1000\' & wait', { pids, spawner: dying });
    const staying = await processesIn(pids, 2);
    process.kill(pid, 'SIGKILL');
    await expect(ended).rejects.toMatchObject({ code: 'STEP_INTERRUPTED', retryable: true });
    expect(alive(staying)).toEqual([]);
    expect(await parentOfOne(dying)).toBe(process.pid);
    dying.close();
  });

  it.skipIf(!HAS_PROCESS_LIST)('that dies while it starts programs leaves none of them', async () => {
    using folder = temporaryFolder();
    const pids = join(folder.path, 'pids');
    const dying = new Spawner(process.env);
    const { pid = 0 } = await readySpawner(dying);
    // The first of them ends it, before it could tell of all.
    const script = `echo $$ >> "$PIDS"; kill -KILL ${String(pid)}; exec sleep 1000`;
    const all = Array.from({ length: 8 }, () => stay(script, { pids, spawner: dying }).ended);
    for (const end of await Promise.allSettled(all)) expect(end).toMatchObject({ status: 'rejected', reason: { code: 'STEP_INTERRUPTED' } });
    expect(alive(await processesIn(pids, 1))).toEqual([]);
  });

  it.skipIf(!HAS_PROCESS_LIST)('that stands still holds up no abort, and what it starts later is ended', async () => {
    using folder = temporaryFolder();
    const pids = join(folder.path, 'pids');
    const { pid = 0 } = await readySpawner(spawner);
    process.kill(pid, 'SIGSTOP');
    const controller = new AbortController();
    const { ended } = stay('stay', { pids, signal: controller.signal });
    const other = start({ args: ['-c', 'echo $PPID'], spawner });
    controller.abort();
    expect(await ended).toMatchObject({ kind: 'exited', aborted: true });
    process.kill(pid, 'SIGCONT');
    expect(await other.ended).toMatchObject({ exitCode: 0 });
    expect(other.out()).toBe(`${String(pid)}\n`);
    // It has started before the other one.
    await vi.waitFor(() => expect(marked(pids)).toEqual([]));
  });

  it('ends when it has had nothing to do for a minute', async () => {
    using folder = temporaryFolder();
    const idle = new Spawner({ ...process.env, TMPDIR: folder.path });
    const { pid = 0 } = await readySpawner(idle);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      expect(await parentOfOne(idle)).toBe(pid);
      vi.advanceTimersByTime(59_999);
      expect(await parentOfOne(idle)).toBe(pid);
      vi.advanceTimersByTime(60_000);
    } finally {
      vi.useRealTimers();
    }
    await vi.waitFor(() => expect(alive([pid])).toEqual([]));
    expect(readdirSync(folder.path)).toEqual([]);
    expect(await parentOfOne(idle)).toBe(process.pid);
  });

  it('is done without where named pipes cannot be made', async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, 'bin'));
    const poor = new Spawner({ PATH: join(folder.path, 'bin'), TMPDIR: folder.path });
    for (let starts = 0; starts < 100; starts += 1) expect(poor.take()).toBeUndefined();
    await vi.waitFor(() => expect(readdirSync(folder.path)).toEqual(['bin']));
    expect(await parentOfOne(poor)).toBe(process.pid);
  });

  it.skipIf(!HAS_PROCESS_LIST)('ends with the process it works for, whose programs stay behind when it is killed', async () => {
    using folder = temporaryFolder();
    const host = workingHost('echo $$; exec sleep 1000', folder.path);
    const [spawnerPid = 0, programPid = 0] = await host.lines(2);
    host.child.kill('SIGKILL');
    await vi.waitFor(() => expect(alive([spawnerPid])).toEqual([]));
    expect(alive([programPid])).toEqual([programPid]);
    process.kill(programPid, 'SIGKILL');
  });

  it('does not keep the process it works for from ending, and leaves no files', async () => {
    using folder = temporaryFolder();
    const host = workingHost('true', folder.path);
    await host.lines(1);
    expect(await host.exited).toBe(0);
    expect(readdirSync(folder.path).filter((name) => name.startsWith('kb-step-'))).toEqual([]);
  });
});

function start(options: Partial<ProcessOptions> & Pick<ProcessOptions, 'args'>) {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const { env, ...rest } = options;
  const running = startProcess({
    program: 'sh',
    cwd: '/',
    env: { PATH, ...env },
    signal: new AbortController().signal,
    killGraceMs: 200,
    onStdout: (chunk) => void out.push(chunk),
    onStderr: (chunk) => void err.push(chunk),
    ...rest,
  });
  const textOf = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8');
  return { ended: running.ended, out: () => textOf(out), err: () => textOf(err) };
}

function stay(script: string, { pids, ...options }: { pids: string } & Partial<ProcessOptions>) {
  return start({ program: 'bash', args: ['--norc', '-c', `${STAY}\n${script}`], env: { PIDS: pids }, spawner, ...options });
}

function fifoIn(folder: string): string {
  const path = join(folder, 'go-on');
  spawnSync('mkfifo', [path]);
  return path;
}

/** The processes that have this in their environment. */
function marked(mark: string): number[] {
  return allProcessIds().filter((id) => String(environmentOf(id)).includes(mark));
}

async function parentOfOne(by: Spawner): Promise<number> {
  const { ended, out } = start({ args: ['-c', 'echo $PPID'], spawner: by });
  await ended;
  return Number(out());
}

/** The process of `working-host.fixture.ts`, and the numbers it prints. */
function workingHost(script: string, TMPDIR: string) {
  const child = spawnSource(HOST_FILE, [script], { env: { PATH, TMPDIR } });
  if (child.stdout === null) throw new Error('the process has no output');
  const numbers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    exited: new Promise<number | null>((resolve) => child.once('exit', resolve)),
    lines: async (count: number) => Promise.all(Array.from({ length: count }, async () => Number((await numbers.next()).value))),
  };
}
