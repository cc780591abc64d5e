import { randomUUID } from 'node:crypto';

import type { EngineDeps } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

import { isAllowedHost } from './access/allowed-hosts.js';
import { hostOf } from './loopback.js';

/** Headers that decide who is asked and who asks. */
const SINGLE = ['host', 'authorization'] as const;

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Answers are for programs: a browser may neither show them as a page nor hand them to one. A page says for itself what it may. */
export const headers: RequestHandler = helmet({
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  frameguard: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
  // A matter of whoever does the TLS in front of it.
  strictTransportSecurity: false,
});

/**
 * What every request passes first. A page in a browser can make a name of its own mean this machine and then read what is
 * answered here (DNS rebinding), but it cannot change the Host header: only names of this machine, and those that were
 * allowed, are answered.
 */
export function protect(logger: EngineDeps['logger'], allowedHosts: readonly string[]): RequestHandler {
  return (request, response, next) => {
    const sent = request.get('x-request-id');
    const requestId = sent !== undefined && REQUEST_ID.test(sent) ? sent : randomUUID();
    response.set({ 'Cache-Control': 'no-store', 'X-Request-Id': requestId });
    response.once('finish', () => {
      logger.debug('request', { requestId, method: request.method, path: request.path, status: response.statusCode });
    });
    // Of several, another program may have read another one (RFC 9112, section 3.2).
    if (SINGLE.some((name) => timesIn(request.rawHeaders, name) > 1)) {
      response.set('Connection', 'close');
      next(new AppError('REQUEST_INVALID', { problem: 'a header that there can be one of was sent twice' }));
      return;
    }
    const { host } = request.headers;
    next(isAllowedHost(host, allowedHosts) ? undefined : new AppError('HOST_NOT_ALLOWED', { host: hostOf(host ?? '') }));
  };
}

/** Names and values take turns. */
function timesIn(rawHeaders: readonly string[], name: string): number {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length;
}
