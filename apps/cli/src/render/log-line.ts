import type { LogLine } from '@kb-labs/contracts';

import { sanitizeLine } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';

/** A line of a log for people: where it comes from, and its text made safe. */
export function renderLogLine(line: LogLine, style: Style): string {
  const text = sanitizeLine(line.text, style.coloured);
  const from = style.dim(`${line.job}/${line.step} ${markOf(line)}`);
  switch (line.level) {
    case 'error':
      return `${from} ${style.red(text)}`;
    case 'warn':
      return `${from} ${style.yellow(text)}`;
    case 'debug':
      return `${from} ${style.dim(text)}`;
    case 'info':
      return `${from} ${text}`;
  }
}

/** Standard error and the engine's own remarks are told apart without colour too. */
function markOf(line: LogLine): string {
  switch (line.stream) {
    case 'stderr':
      return '!';
    case 'engine':
      return '*';
    case 'stdout':
    case 'log':
      return '|';
  }
}

/** A log line as JSON: the time is ISO 8601 in UTC. */
export function logLineView(line: LogLine): Omit<LogLine, 'at'> & { readonly at: string } {
  return { ...line, at: new Date(line.at).toISOString() };
}
