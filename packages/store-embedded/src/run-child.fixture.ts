import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { spawnSource } from '@kb-labs/testkit';

export interface Child {
  readonly process: ChildProcess;
  /** Resolves with the next acknowledgement. */
  next(): Promise<unknown>;
  /** Everything it said, once it has ended. */
  ended(): Promise<unknown[]>;
}

export function runChild(role: string, ...args: readonly string[]): Child {
  const child = spawnSource(fileURLToPath(new URL('./store-child.fixture.ts', import.meta.url)), [role, ...args]);
  if (child.stdout === null) throw new Error('a child without a voice');
  const said: unknown[] = [];
  const waiting: ((value: unknown) => void)[] = [];
  let given = 0;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    said.push(JSON.parse(line));
    if (waiting.length > 0) waiting.shift()?.(said[given++]);
  });
  const closed = Promise.all([once(lines, 'close'), once(child, 'exit')]);
  return {
    process: child,
    next: () => (given < said.length ? Promise.resolve(said[given++]) : new Promise((resolve) => waiting.push(resolve))),
    async ended() {
      await closed;
      return said;
    },
  };
}
