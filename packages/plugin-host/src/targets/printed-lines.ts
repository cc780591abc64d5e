import type { StepCall } from '@kb-labs/ports';

import { TailBuffer } from '../process-tree/tail-buffer.js';
import { type LineTaker, takeLines } from '../script/take-lines.js';

/** Nobody asks for what was printed at the end. */
const TAIL_BYTES = 1;

/** What a handler prints instead of logging it: lines of its step all the same. Most handlers print nothing. */
export function printedLines(call: StepCall): LineTaker {
  let lines: LineTaker | undefined;
  return {
    take: (chunk) => {
      lines ??= takeLines(call, 'stdout', new TailBuffer(TAIL_BYTES));
      return lines.take(chunk);
    },
    finish: () => lines?.finish(),
  };
}
