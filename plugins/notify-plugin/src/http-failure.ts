import { FatalError, RetryAfterError } from '@kb-labs/sdk';

export interface HttpAnswer {
  readonly status: number;
  /** What the answer said beside its status. */
  readonly text: string;
  readonly retryAfter: string | null;
}

/** No service is waited for longer, whatever it says. */
const LONGEST_MS = 24 * 60 * 60 * 1_000;
/** Nothing is wrong with the request: it came too early, or took too long. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * What an answer that is no success means for the step. `429` and `503` that say when: then. Other `4xx`, and redirects, will not
 * change by another try; everything else may.
 */
export function httpFailure(who: string, { status, text, retryAfter }: HttpAnswer, now: number): Error {
  const said = text.trim().slice(0, 500);
  const message = `${who} answered ${String(status)}${said === '' ? '' : `: ${said}`}`;
  const details = { status };
  const afterMs = status === 429 || status === 503 ? toMs(retryAfter, now) : undefined;
  if (afterMs !== undefined) return new RetryAfterError(afterMs, message, { details });
  if (status < 500 && !TRANSIENT.has(status)) {
    const isRedirect = status >= 300 && status < 400;
    return new FatalError(message, isRedirect ? { code: 'REDIRECTED', details, hint: 'nothing is sent on: use the address it redirects to' } : { code: 'REFUSED', details });
  }
  return Object.assign(new Error(message), { code: status === 429 ? 'RATE_LIMIT' : 'SERVICE_FAILED', details });
}

/** `Retry-After`: seconds or a date, RFC 9110, 10.2.3. */
function toMs(retryAfter: string | null, now: number): number | undefined {
  if (retryAfter === null) return undefined;
  const written = retryAfter.trim();
  const ms = /^\d+$/.test(written) ? Number(written) * 1_000 : Date.parse(written) - now;
  return Number.isNaN(ms) ? undefined : Math.min(LONGEST_MS, Math.max(0, ms));
}
