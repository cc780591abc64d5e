import { LIMITS, type RunError } from '@kb-labs/contracts';
import { isErrorCode, messageOf, REGISTER } from '@kb-labs/errors';
import type { Redactor, StepOutcome } from '@kb-labs/ports';

import { cutText } from './cut-text.js';
import { copyJson } from './json-value.js';

const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;
const MESSAGE_BYTES = 16 * 1024;

/** What was thrown in a step as its outcome. It is read by its properties: the thrower may carry its own copy of any class. */
export function toFailed(thrown: unknown, redactor?: Redactor): StepOutcome & { status: 'failed' } {
  const kbRetry = property(thrown, 'kbRetry');
  const error = toRunError(thrown, (text) => redactor?.text(text) ?? text);
  const canHelp = !isErrorCode(error.code) || REGISTER[error.code].retryable;
  const isAfter = typeof kbRetry === 'number' && Number.isFinite(kbRetry) && kbRetry >= 0;
  return {
    status: 'failed',
    error,
    outputs: {},
    retryable: kbRetry !== 'never' && (isAfter || canHelp),
    ...(isAfter ? { retryAfterMs: kbRetry } : {}),
  };
}

function toRunError(thrown: unknown, redact: (text: string) => string): RunError {
  const written = property(thrown, 'code');
  const code = typeof written === 'string' && CODE.test(written) ? written : undefined;
  const said = property(thrown, 'message');
  const message = cutText(redact(typeof said === 'string' && said !== '' ? said : describe(thrown)), MESSAGE_BYTES, ' …');
  const hint = property(thrown, 'hint');
  const details = property(thrown, 'details');
  const kept = isEmpty(details) ? undefined : copyJson(details, LIMITS.outputBytes);
  return {
    code: code ?? 'STEP_FAILED',
    message: code === undefined ? messageOf('STEP_FAILED', { problem: message }) : message,
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(kept?.kind === 'copied' ? { details: kept.value } : {}),
  };
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : String(thrown);
}

function isEmpty(details: unknown): boolean {
  return details === undefined || (typeof details === 'object' && details !== null && Object.keys(details).length === 0);
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined;
}
