import { AppError } from '@kb-labs/errors';

import type { Terminal } from './terminal.js';

/** Asks for a line that is not shown while it is typed. Fails with `INTERRUPTED` on Ctrl-C and at the end of the input. */
export async function askHidden(terminal: Terminal, prompt: string): Promise<string> {
  const { stdin, stderr } = terminal.host;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed: string[] = [];
  const take = (character: string): boolean => {
    switch (character) {
      case '\r':
      case '\n':
        resolve(typed.join(''));
        return false;
      case '\u0003':
      case '\u0004':
        reject(new AppError('INTERRUPTED'));
        return false;
      case '\u007f':
      case '\b':
        typed = typed.slice(0, -1);
        return true;
      case '\u0015':
        typed = [];
        return true;
      default:
        typed.push(character);
        return true;
    }
  };
  const onData = (chunk: Buffer | string): void => {
    for (const character of chunk.toString()) if (!take(character)) return;
  };
  const onEnd = (): void => reject(new AppError('INTERRUPTED'));
  // Before it is asked for: nothing that is typed early is to be seen.
  stdin.setRawMode?.(true);
  stderr.write(prompt);
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  stdin.resume();
  try {
    return await promise;
  } finally {
    stdin.off('data', onData);
    stdin.off('end', onEnd);
    stdin.pause();
    stdin.setRawMode?.(false);
    stderr.write('\n');
  }
}
