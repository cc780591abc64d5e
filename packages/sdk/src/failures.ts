import type { JsonValue, PluginFailure } from '@kb-labs/contracts';

export interface FailureOptions {
  /** A short name in upper case that documents can test for, `UNKNOWN_REVISION`. `STEP_FAILED` when left out. */
  readonly code?: string;
  /** What to do about it. */
  readonly hint?: string;
  readonly details?: JsonValue;
  readonly cause?: unknown;
}

/** Ends the step as failed, whatever its retry policy says: for what a second try cannot change. */
export class FatalError extends Error implements PluginFailure {
  readonly kbRetry = 'never';
  declare readonly code?: string;
  declare readonly hint?: string;
  declare readonly details?: JsonValue;

  constructor(message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'FatalError';
    Object.assign(this, described(options));
  }
}

/**
 * Fails this try and says when the next one makes sense, in milliseconds from now: for a service that asks to slow
 * down. The step's retry policy still decides whether there is a next one. The code is `RATE_LIMIT` when left out.
 */
export class RetryAfterError extends Error implements PluginFailure {
  readonly kbRetry: number;
  readonly code: string;
  declare readonly hint?: string;
  declare readonly details?: JsonValue;

  constructor(afterMs: number, message = 'asked to slow down', options: FailureOptions = {}) {
    if (!Number.isFinite(afterMs) || afterMs < 0) throw new RangeError(`not a time to wait: ${String(afterMs)}`);
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'RetryAfterError';
    this.kbRetry = afterMs;
    this.code = options.code ?? 'RATE_LIMIT';
    Object.assign(this, described({ ...options, code: this.code }));
  }
}

function described({ code, hint, details }: FailureOptions): Partial<PluginFailure> {
  return {
    ...(code === undefined ? {} : { code }),
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  };
}
