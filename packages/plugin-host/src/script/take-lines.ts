import { LIMITS } from '@kb-labs/contracts';
import type { StepCall } from '@kb-labs/ports';

import { LineSplitter } from '../process-tree/line-splitter.js';
import type { TailBuffer } from '../process-tree/tail-buffer.js';

export interface LineTaker {
  /** The chunk is given up to it. */
  readonly take: (chunk: Buffer) => void | Promise<void>;
  /** The last line, when it had no end. */
  readonly finish: () => void | Promise<void>;
}

/** Sends a stream of a script to the step's log line by line, and keeps its end in `tail`. */
export function takeLines({ log, redactor }: Pick<StepCall, 'log' | 'redactor'>, stream: 'stdout' | 'stderr', tail: TailBuffer): LineTaker {
  const splitter = new LineSplitter(LIMITS.logLineBytes);
  const level = stream === 'stdout' ? 'info' : 'warn';
  const redaction = redactor?.bytes();
  const send = (lines: readonly string[], from: number): void | Promise<void> => {
    for (let at = from; at < lines.length; at += 1) {
      const stored = log({ stream, level, text: lines[at] ?? '' });
      // Lines come by the million: only a promise that was given is waited for.
      if (stored !== undefined) return stored.then(() => send(lines, at + 1));
    }
  };
  return {
    take: (chunk) => {
      // Before anything is cut: of half a secret nobody could tell that it is one.
      const bytes = redaction === undefined ? chunk : asBuffer(redaction.push(chunk));
      tail.push(bytes);
      const lines = splitter.push(bytes);
      release(chunk);
      return send(lines, 0);
    },
    finish: () => {
      const rest = redaction === undefined ? Buffer.alloc(0) : asBuffer(redaction.end());
      tail.push(rest);
      const lines = splitter.push(rest);
      const last = splitter.end();
      return send(last === undefined ? lines : [...lines, last], 0);
    },
  };
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/**
 * Frees the memory of a chunk at once. Otherwise it waits for a collection, and these come only after some 64 MiB of
 * such buffers: a script that prints much would cost that, each time.
 */
function release(chunk: Buffer): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength) buffer.transfer(0);
}
