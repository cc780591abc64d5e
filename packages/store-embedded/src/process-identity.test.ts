import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';

import { describe, expect, it, onTestFinished } from 'vitest';

import { existenceOf, ownIdentity, type ProcessIdentity } from './process-identity.js';

const self: ProcessIdentity = ownIdentity();
const onLinux = process.platform === 'linux';

describe('another process', () => {
  it('is alive while it runs and dead after it was killed', async () => {
    const { identity, kill } = await sleeper();
    expect(existenceOf(identity)).toBe('alive');
    await kill();
    expect(existenceOf(identity)).toBe('dead');
  });

  it.runIf(onLinux)('is dead when its number belongs to a later process', async () => {
    const { identity } = await sleeper();
    expect(existenceOf({ ...identity, started: `${identity.started}0` })).toBe('dead');
  });

  it.runIf(onLinux)('is dead when it has ended and its parent has not looked yet', async () => {
    // The shell starts a child, says its number, and becomes a program that never looks after it; only then may the child end.
    const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [said] = (await once(parent.stdio[1] as Readable, 'data')) as [Buffer];
    const pid = Number(said.toString());
    const identity = { ...self, pid, started: await startOf(pid) };
    while ((await readFile(`/proc/${String(parent.pid)}/comm`, 'utf8')) !== 'sleep\n') await new Promise((resolve) => setImmediate(resolve));
    (parent.stdio[3] as Writable).end();
    while (existenceOf(identity) !== 'dead') await new Promise((resolve) => setImmediate(resolve));
    expect(process.kill(pid, 0)).toBe(true);
    expect(await startOf(pid)).toBe(identity.started);
  });

  it('is dead when the same machine has started anew since', () => {
    expect(existenceOf({ ...self, boot: 'before' }, { ...self, boot: 'after' })).toBe('dead');
  });

  it('is not known to be dead on another machine, or where process numbers mean something else', () => {
    expect(existenceOf({ ...self, boot: 'theirs', host: 'elsewhere' }, { ...self, boot: 'ours' })).toBe('unknown');
    expect(existenceOf({ ...self, space: 'pid:[1]', pid: 2 ** 22 + 1 })).toBe('unknown');
    expect(existenceOf({ ...self, boot: '', host: 'elsewhere' }, { ...self, boot: '' })).toBe('unknown');
  });

  it('is told from this one by when it started', () => {
    expect(existenceOf(self)).toBe('alive');
    expect(existenceOf({ ...self, started: 'earlier' })).toBe('dead');
  });
});

async function sleeper(): Promise<{ identity: ProcessIdentity; kill: () => Promise<void> }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6); console.log("up")']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  return {
    identity: { ...self, pid, started: onLinux ? await startOf(pid) : '' },
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Field 22, of a process whose name has no space in it. */
async function startOf(pid: number): Promise<string> {
  return (await readFile(`/proc/${String(pid)}/stat`, 'utf8')).split(' ')[21] ?? '';
}
