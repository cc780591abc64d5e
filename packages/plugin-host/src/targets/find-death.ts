import { AppError } from '@kb-labs/errors';

import type { ProcessEnd } from '../process-tree/start-process.js';
import { StepFailure } from '../step-failure.js';
import { BrokenProtocol } from './protocol/frames.js';
import { unpackThrown } from './protocol/thrown.js';
import type { TreeLimits } from './watch-limits.js';

export interface Death {
  /** Absent: it was ended because of `broken`. */
  readonly end: ProcessEnd | undefined;
  readonly broken: unknown;
  /** What the process said of its own end. */
  readonly lastWords: unknown;
  /** The end of what it printed. */
  readonly tail: string;
  readonly limits: TreeLimits;
}

/** 128 and the number of the signal. */
const KILLED = 137;
const OUT_OF_HEAP = 'heap out of memory';

/** Why the process of a handler is gone, as the failure of the step it ran. */
export function findDeath({ end, broken, lastWords, tail, limits }: Death): Error {
  if (broken instanceof BrokenProtocol) return died(`it does not keep to the protocol: ${broken.message}`);
  if (broken !== undefined) return broken instanceof Error ? broken : died(String(broken));
  if (end?.kind === 'not-started') {
    const { problem, hint, temporary } = end;
    return new StepFailure('PROGRAM_NOT_STARTED', problem, { ...(hint === undefined ? {} : { hint }), ...(temporary ? {} : { kbRetry: 'never' }) });
  }
  if (tail.includes(OUT_OF_HEAP)) {
    if (limits.memoryBytes !== undefined) return new AppError('MEMORY_EXCEEDED', { limit: `${String(Math.floor(limits.memoryBytes / (1024 * 1024)))} MiB` });
    return died('its memory ran out');
  }
  if (Array.isArray(lastWords)) {
    const [event, packed] = lastWords as readonly unknown[];
    const thrown = unpackThrown(packed);
    const words = thrown instanceof Error ? thrown.message : String(thrown);
    return died(`${event === 'unhandledRejection' ? 'a promise nobody waited for failed' : 'an error was thrown outside of its promise'}: ${words}`);
  }
  // Of a program in a container, it is the exit code alone that says so.
  const signal = end?.exitCode === KILLED ? 'SIGKILL' : end?.signal;
  if (signal !== undefined) return died(`the signal ${signal} ended it`, signal === 'SIGKILL' ? 'the system ends a program so when memory runs out' : undefined);
  const last = tail.trimEnd().split('\n').at(-1) ?? '';
  const exitCode = end?.exitCode ?? 0;
  return died(`it ended with exit code ${String(exitCode)}${exitCode === 0 || last === '' ? '' : `: ${last}`}`);
}

function died(problem: string, hint?: string): AppError {
  return new AppError('HANDLER_DIED', { problem }, hint === undefined ? {} : { hint });
}
