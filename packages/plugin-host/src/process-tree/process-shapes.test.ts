import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { alive, processesIn, STAY } from './live-processes.fixture.js';
import { LEFT, SHAPES } from './process-shapes.fixture.js';
import { type ProcessEnd, startProcess } from './start-process.js';

const isLinux = process.platform === 'linux';

describe.skipIf(!isLinux)('a program that is aborted', () => {
  it.each(SHAPES)('takes along: $name', async ({ script, count, obeys }) => {
    using place = workPlace();
    const controller = new AbortController();
    const { ended } = place.start(script, { signal: controller.signal, killGraceMs: obeys === true ? 5_000 : 100 });
    await processesIn(place.pids, count);
    expect(alive(await processesIn(place.pids, count)).length).toBeGreaterThanOrEqual(count);

    controller.abort();
    expect(await ended).toMatchObject({ kind: 'exited', aborted: true, survivors: [] });
    expect(alive(await processesIn(place.pids, count))).toEqual([]);
  });
});

describe.skipIf(!isLinux)('the check of these tests', () => {
  it('sees what a signal to the group alone leaves behind', async () => {
    using place = workPlace();
    const outside = SHAPES.filter(({ name }) => name.startsWith('a session of its own') || name.startsWith('job control'));
    let started = 0;
    for (const { script, count } of outside) {
      const env = { PATH: process.env['PATH'] ?? '', PIDS: place.pids };
      const child = spawn('bash', ['--norc', '-c', `${STAY}\n${script}`], { detached: true, stdio: 'ignore', env, cwd: place.folder });
      const exited = new Promise((resolve) => child.once('exit', resolve));
      await processesIn(place.pids, (started += count));
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      await exited;
    }
    expect(alive(await processesIn(place.pids, started)).length).toBeGreaterThanOrEqual(outside.length);
  });
});

describe.skipIf(!isLinux)('a program that ends by itself', () => {
  it.each(LEFT)('leaves nothing behind: $name', async ({ script, count }) => {
    using place = workPlace();
    const waiting = `: >> "$PIDS"; ${script} while [ "$(wc -l < "$PIDS")" -lt ${String(count)} ]; do sleep 0.01; done; exit 5`;
    const end = await place.start(waiting, { killGraceMs: 50 }).ended;
    expect(end).toMatchObject({ kind: 'exited', exitCode: 5, aborted: false, survivors: [] });
    expect(end.kind === 'exited' && end.leftovers).toBeGreaterThanOrEqual(1);
    expect(alive(await processesIn(place.pids, count))).toEqual([]);
  });

  it('has nothing ended that is not its own', async () => {
    using place = workPlace();
    const controller = new AbortController();
    const other = place.start('(stay)', { signal: controller.signal });
    const [pid = 0] = await processesIn(place.pids, 1);
    expect(await place.start('true', {}).ended).toMatchObject({ leftovers: 0 });
    expect(await place.start('(sleep 1000) &', {}).ended).toMatchObject({ leftovers: 1 });
    expect(alive([pid])).toEqual([pid]);
    controller.abort();
    await other.ended;
    expect(alive([pid])).toEqual([]);
  });

  it('does not wait for what has escaped and holds its output, and the check sees that it has', async () => {
    using place = workPlace();
    // Without environment, session and parent it cannot be told from a stranger: the known limit.
    // With a command behind it the shell waits until it has escaped.
    const script = 'env -i setsid sh -c \'(exec sleep 1000) & echo $! >> "$0"\' "$PIDS"; true';
    const end = await place.start(script, { killGraceMs: 50 }).ended;
    const [pid = 0] = await processesIn(place.pids, 1);
    expect(end).toMatchObject({ kind: 'exited', exitCode: 0, leftovers: 0 });
    expect(alive([pid])).toEqual([pid]);
  });

  it.each(['', 'sleep 0.4;'])('lets those that still write to its output finish, after "%s" too', async (silence) => {
    using place = workPlace();
    const end = await place.start(`${silence} exec > >(sleep 0.02; sed s/^/got:/); echo a; echo b`, {}).ended;
    expect(place.output()).toBe('got:a\ngot:b\n');
    expect(end).toMatchObject({ exitCode: 0, leftovers: 0 });
  });
});

function workPlace() {
  const folder = temporaryFolder();
  const pids = join(folder.path, 'pids');
  copyFileSync('/bin/sleep', join(folder.path, 'a) Z 1 (b'));
  let output = '';
  return {
    folder: folder.path,
    pids,
    output: () => output,
    start: (script: string, { signal = new AbortController().signal, killGraceMs = 1_000 }: { signal?: AbortSignal; killGraceMs?: number }): { readonly ended: Promise<ProcessEnd> } =>
      startProcess({
        program: 'bash',
        args: ['--norc', '-c', `${STAY}\n${script}`],
        cwd: folder.path,
        env: { PATH: process.env['PATH'] ?? '', PIDS: pids },
        signal,
        killGraceMs,
        onStdout: (chunk) => void (output += chunk.toString('utf8')),
        onStderr: (chunk) => void process.stderr.write(chunk),
      }),
    // A test that has failed leaves nothing behind either.
    [Symbol.dispose]: () => {
      const started = existsSync(pids) ? readFileSync(pids, 'utf8').split('\n').filter(Boolean).map(Number) : [];
      for (const pid of alive(started)) for (const target of [-pid, pid]) kill(target);
      folder[Symbol.dispose]();
    },
  };
}

function kill(target: number): void {
  try {
    process.kill(target, 'SIGKILL');
  } catch {
    // It leads no group, or has gone with it.
  }
}
