import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { describe, expect, it } from 'vitest';

import { endStray } from './end-stray.js';
import { HAS_PROCESS_LIST } from './process-list.js';

/** A process that says when it is there. */
async function start(script: string, key: string) {
  const child = spawn('sh', ['-c', `${script}\n`], { env: { PATH: process.env['PATH'], KEY: key }, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(createInterface({ input: child.stdout }), 'line');
  return { child, ended: once(child, 'exit') };
}

describe.skipIf(!HAS_PROCESS_LIST)('endStray', () => {
  it('ends what carries the mark, also out of its session and deaf to TERM, and nothing else', async () => {
    const key = `stray-${process.pid}`;
    const own = await start('setsid sh -c \'trap "" TERM; echo there; while :; do sleep 0.05; done\' & wait', key);
    const other = await start('echo there; exec sleep 30', `${key}-other`);
    expect(await endStray(`KEY=${key}`, 50)).toBeGreaterThanOrEqual(2);
    await own.ended;
    expect(other.child.exitCode ?? other.child.signalCode).toBeNull();
    other.child.kill('SIGKILL');
    await other.ended;
  });

  it('finds nobody where there is nobody', async () => {
    expect(await endStray(`KEY=nobody-${process.pid}`, 50)).toBe(0);
  });
});
