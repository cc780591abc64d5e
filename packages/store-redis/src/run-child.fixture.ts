import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { spawnSource } from '@kb-labs/testkit';

/** Runs `store-child.fixture.ts` to its end; answers what it said, line by line, and how it ended. */
export async function runChild(...args: readonly string[]): Promise<{ said: unknown[]; signal: ChildProcess['signalCode'] }> {
  const child = spawnSource(fileURLToPath(new URL('./store-child.fixture.ts', import.meta.url)), args);
  if (child.stdout === null) throw new Error('a child without a voice');
  const said: unknown[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => said.push(JSON.parse(line)));
  await Promise.all([once(lines, 'close'), once(child, 'exit')]);
  return { said, signal: child.signalCode };
}
