import type { RunEventView } from '@kb-labs/contracts/http';
import { EXIT_CODES, type ExitCode } from '@kb-labs/errors';

import type { CommandContext } from '../command-context.js';
import { sanitizeText } from '../terminal/sanitize.js';

/** Prints events as they come, until there are no more or Ctrl-C. */
export async function followToEnd({ terminal, json }: CommandContext, follow: (signal: AbortSignal) => AsyncIterable<{ readonly data: RunEventView }>): Promise<ExitCode | undefined> {
  const interrupted = new AbortController();
  const stop = (): void => {
    interrupted.abort();
  };
  process.once('SIGINT', stop);
  try {
    for await (const { data } of follow(interrupted.signal)) {
      if (json) terminal.printJson(data);
      else terminal.print(`${terminal.style.dim(`${data.at} ${String(data.seq).padStart(4)}`)}  ${data.type.padEnd(20)}  ${placeOf(data)}`.trimEnd());
    }
  } finally {
    process.off('SIGINT', stop);
  }
  return interrupted.signal.aborted ? EXIT_CODES.interrupted : undefined;
}

/** The job and step that an event is about. */
export function placeOf(event: RunEventView): string {
  return [event['job'], event['step']].filter((part) => typeof part === 'string').map((part) => sanitizeText(String(part))).join('/');
}
