/** Where a log line came from: the two streams of a script, the handler's `ctx.log`, or the engine itself. */
export type LogStream = 'stdout' | 'stderr' | 'log' | 'engine';
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * One line of a step's log. `n` counts from 1 per step without gaps, over all attempts of the step;
 * a line that says what was left out takes the next number like any other.
 */
export interface LogLine {
  readonly job: string;
  readonly step: string;
  readonly attempt: number;
  readonly n: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly stream: LogStream;
  readonly level: LogLevel;
  readonly text: string;
}
