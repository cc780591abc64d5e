import { existsSync } from 'node:fs';

import type { InnerProgram } from '../confine/confinement.js';
import { handlerProgram } from './handler-program.js';

export interface NodeCommandOptions {
  /** `node` itself: another one in a container. */
  readonly node: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly memoryBytes?: number;
}

const MIB = 1024 * 1024;
/** Of the memory of a process what its values may take; the rest is for the runtime, code and buffers. */
const HEAP_SHARE = 0.75;

/**
 * No dump of its memory, 4 GiB per file (in blocks of 512 bytes), and not more open files than a program needs. Then its two ends
 * of the protocol go where nothing is printed by accident, and what is printed goes to the log.
 */
const START = 'ulimit -c 0; ulimit -f 8388608; ulimit -n 4096 2>/dev/null; exec 3<&0 4>&1 0</dev/null 1>&2; exec "$@"';

/** The command line of a process that runs handlers. */
export function nodeCommand({ node, cwd, env, memoryBytes }: NodeCommandOptions): InnerProgram {
  const heap = memoryBytes === undefined ? [] : [`--max-old-space-size=${String(Math.max(16, Math.floor((memoryBytes * HEAP_SHARE) / MIB)))}`];
  return { program: '/bin/sh', args: ['-c', START, 'sh', node, ...heap, ...handlerProgram().args], cwd, env };
}

/** Places of a program of util-linux: it ends the process with the one that started it, even when that was killed. */
const WITH_PARENT = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

export function endsWithParent(inner: InnerProgram): InnerProgram {
  return WITH_PARENT === undefined ? inner : { ...inner, program: WITH_PARENT, args: ['--pdeathsig', 'KILL', '--', inner.program, ...inner.args] };
}
