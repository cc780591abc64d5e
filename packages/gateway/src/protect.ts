import { randomUUID } from 'node:crypto';

import type { EngineDeps } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';
import type { RequestHandler } from 'express';

import { hostOf, isLoopback } from './loopback.js';

/** Answers are for programs: a browser may neither show them as a page nor hand them to one. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * What every request passes first. A page in a browser can make a name of its own mean this machine and then read what is
 * answered here (DNS rebinding), but it cannot change the Host header: only names of this machine are answered.
 */
export function protect(logger: EngineDeps['logger']): RequestHandler {
  return (request, response, next) => {
    const sent = request.get('x-request-id');
    const requestId = sent !== undefined && REQUEST_ID.test(sent) ? sent : randomUUID();
    response.set(HEADERS).set('X-Request-Id', requestId);
    response.once('finish', () => {
      logger.debug('request', { requestId, method: request.method, path: request.path, status: response.statusCode });
    });
    const host = hostOf(request.headers.host ?? '');
    next(isLoopback(host) ? undefined : new AppError('HOST_NOT_ALLOWED', { host }));
  };
}
