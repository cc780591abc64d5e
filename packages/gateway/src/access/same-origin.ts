import { timingSafeEqual } from 'node:crypto';

import { AppError } from '@kb-labs/errors';

import type { Knock } from './access.js';

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses a change that a browser was made to send: with a cookie, only a page of this very origin may change anything. It shows that
 * by what the browser says (`Sec-Fetch-Site`, else `Origin`), which a page cannot choose, and by a token only it could read. Another
 * port of the same host is another origin, though it is the same site for cookies.
 */
export function refuseForeignChange({ headers, method }: Pick<Knock, 'headers' | 'method'>, csrf: string): void {
  if (READS.has(method)) return;
  if (!isSameOrigin(headers)) throw new AppError('FORBIDDEN', { problem: 'it comes from a page of another origin' });
  const sent = headers['x-kb-csrf'];
  if (typeof sent !== 'string' || !isEqual(sent, csrf)) {
    throw new AppError('FORBIDDEN', { problem: 'the header X-KB-CSRF is missing or wrong' }, { hint: 'send the "csrf" that GET /api/v1/auth/me answers' });
  }
}

function isSameOrigin(headers: Knock['headers']): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  if (typeof origin !== 'string' || host === undefined || !URL.canParse(origin)) return false;
  return new URL(origin).host === host.toLowerCase();
}

function isEqual(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
