import { FatalError, RetryAfterError } from '@kb-labs/sdk';
import { RequestError } from '@octokit/request-error';

/** Wait at least so long after a secondary limit that does not say when: as GitHub asks for. */
const SECONDARY_MS = 60_000;
const LONGEST_MS = 24 * 60 * 60 * 1_000;

/**
 * What a request that failed means for the step. Rate limits say when the next try makes sense:
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit.
 */
export function githubFailure(error: unknown, now: number): unknown {
  if (!(error instanceof RequestError)) return error;
  if (error.response === undefined) {
    // What a request was refused by before it was sent has a code: a missing permission for one.
    const isCoded = error.cause instanceof Error && 'code' in error.cause;
    return isCoded ? error.cause : Object.assign(new Error(`GitHub did not answer: ${error.message}`, { cause: error.cause }), { code: 'GITHUB_FAILED' });
  }
  const { status } = error;
  const message = `GitHub answered ${String(status)}: ${error.message.slice(0, 500)}`;
  const details = { status };
  const afterMs = waitMs(error, now);
  if (afterMs !== undefined) return new RetryAfterError(Math.min(LONGEST_MS, Math.max(0, afterMs)), message, { details });
  switch (status) {
    case 401:
      return new FatalError(message, { code: 'GITHUB_UNAUTHORIZED', details, hint: 'the secret GITHUB_TOKEN is not, or no longer, valid' });
    case 403:
      return new FatalError(message, { code: 'GITHUB_FORBIDDEN', details, hint: 'the token needs to write issues and pull requests, for commits also contents' });
    case 404:
    case 410:
      return new FatalError(message, { code: 'GITHUB_NOT_FOUND', details, hint: 'what a token may not see is not found' });
    default:
      if (status < 500) return new FatalError(message, { code: 'GITHUB_REFUSED', details });
      return Object.assign(new Error(message), { code: 'GITHUB_FAILED', details });
  }
}

function waitMs({ status, message, response }: RequestError, now: number): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const headers = response?.headers ?? {};
  const seconds = Number(headers['retry-after']);
  if (headers['retry-after'] !== undefined && Number.isFinite(seconds)) return seconds * 1_000;
  const reset = Number(headers['x-ratelimit-reset']);
  if (headers['x-ratelimit-remaining'] === '0' && Number.isFinite(reset)) return reset * 1_000 - now;
  return status === 429 || /secondary rate limit/i.test(message) ? SECONDARY_MS : undefined;
}
