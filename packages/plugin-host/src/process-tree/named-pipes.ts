import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** mkfifo(1), of every Unix. */
export const MAKE_PIPES = 'mkfifo';

/** The reading end of a pipe as a stream, and its writing end as a descriptor to hand to a program and then close. */
export interface NamedPipe {
  readonly stream: Readable;
  readonly writer: number;
}

/**
 * Two pipes that a program can open again by `/dev/stdout` and `/dev/stderr`. The ones Node makes are sockets, and
 * opening one by its name fails (ENXIO, open(2)). They cost a program start of their own, about 2 ms. `undefined` where
 * the machine has no `mkfifo`. `folder` holds them only until this returns.
 */
export function openNamedPipes(folder: string): readonly [NamedPipe, NamedPipe] | undefined {
  const first = join(folder, 'stdout');
  const second = join(folder, 'stderr');
  if (spawnSync(MAKE_PIPES, ['-m', '600', first, second], { stdio: 'ignore' }).status !== 0) return undefined;
  return [openBoth(first), openBoth(second)];
}

function openBoth(path: string): NamedPipe {
  // In this order neither waits for the other end (fifo(7)).
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  unlinkSync(path);
  return { stream: new Socket({ fd: reader, readable: true, writable: false }), writer };
}

export function closeWriters(pipes: readonly NamedPipe[]): void {
  for (const { writer } of pipes) closeSync(writer);
}
