import { ERROR_CODES, type ErrorCode, type JsonObject, type RunError } from '@kb-labs/contracts';

import { type ExitCode, REGISTER } from './register.js';

export interface AppErrorOptions {
  readonly cause?: unknown;
  /** In place of the register's hint. */
  readonly hint?: string;
}

/**
 * The one error of the engine. The code decides everything; compare codes, not classes:
 * two copies of this package in one process still understand each other.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: JsonObject;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, details: JsonObject = {}, options: AppErrorOptions = {}) {
    super(fill(REGISTER[code].message, details), options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = details;
    this.hint = options.hint ?? REGISTER[code].hint;
  }

  get status(): number {
    return REGISTER[this.code].status;
  }

  get exitCode(): ExitCode {
    return REGISTER[this.code].exit;
  }

  get retryable(): boolean {
    return REGISTER[this.code].retryable;
  }
}

/** The register's sentence for a code with `{name}` replaced from `details`; what is not there stays as it is. */
export function messageOf(code: ErrorCode, details: JsonObject = {}): string {
  return fill(REGISTER[code].message, details);
}

const KNOWN: ReadonlySet<string> = new Set(ERROR_CODES);

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && KNOWN.has(code);
}

export function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Anything that was thrown, as an `AppError`. What is not one becomes `INTERNAL` with the original as its cause. */
export function fromUnknown(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof Error && 'code' in thrown && isErrorCode(thrown.code)) {
    const details = 'details' in thrown && typeof thrown.details === 'object' ? (thrown.details as JsonObject) : {};
    const hint = 'hint' in thrown && typeof thrown.hint === 'string' ? { hint: thrown.hint } : {};
    return new AppError(thrown.code, details, { cause: thrown, ...hint });
  }
  const problem = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError('INTERNAL', { problem }, { cause: thrown });
}

/** An error as events and views keep it. */
export function toRunError(error: AppError): RunError {
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(Object.keys(error.details).length === 0 ? {} : { details: error.details }),
  };
}

function fill(template: string, details: JsonObject): string {
  return template.replace(/\{([A-Za-z]+)\}/g, (whole, name: string) => {
    const value = Object.hasOwn(details, name) ? details[name] : undefined;
    if (value === undefined) return whole;
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}
