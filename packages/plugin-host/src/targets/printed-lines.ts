import { randomUUID } from 'node:crypto';

import type { StepCall } from '@kb-labs/ports';

import { TailBuffer } from '../process-tree/tail-buffer.js';
import { type LineTaker, takeLines } from '../script/take-lines.js';

export interface PrintedLines {
  readonly take: (chunk: Buffer) => void | Promise<void>;
  /** What a process that goes on prints as its last word of a call. */
  readonly mark: string;
  /** Whether that has come, so that what follows belongs to the next call. Waits for it for a while. */
  readonly seen: () => Promise<boolean>;
  readonly finish: () => void | Promise<void>;
}

/** Nobody asks for what was printed at the end. */
const TAIL_BYTES = 1;
/** A process that does not even get that far in this time is not used again. */
const MARK_MS = 1_000;

/** What a handler prints instead of logging it: lines of its step all the same. */
export function printedLines(call: StepCall): PrintedLines {
  const mark = `kb-end-of-call-${randomUUID()}`;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let hasCome = false;
  let lines: LineTaker | undefined;
  const come = (): void => {
    hasCome = true;
    resolve(true);
  };
  const log: StepCall['log'] = (entry) => {
    if (!entry.text.endsWith(mark)) return call.log(entry);
    come();
    const before = entry.text.slice(0, -mark.length);
    if (before !== '') return call.log({ ...entry, text: before });
  };
  const take = (chunk: Buffer): void | Promise<void> => {
    // Most handlers print nothing: there are no lines then that it has to be found among.
    if (lines === undefined && chunk.length === mark.length + 1 && chunk.toString('latin1', 0, mark.length) === mark) return come();
    lines ??= takeLines({ log, ...(call.redactor === undefined ? {} : { redactor: call.redactor }) }, 'stdout', new TailBuffer(TAIL_BYTES));
    return lines.take(chunk);
  };
  const seen = (): Promise<boolean> => {
    // It is written before the answer.
    if (hasCome) return promise;
    const timer = setTimeout(() => resolve(false), MARK_MS);
    return promise.finally(() => clearTimeout(timer));
  };
  return { take, mark, seen, finish: () => lines?.finish() };
}
