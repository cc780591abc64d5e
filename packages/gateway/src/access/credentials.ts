import type { IncomingHttpHeaders } from 'node:http';

import { hostOf, isLoopback } from '../loopback.js';

/** Longer than any credential is. */
const LONGEST = 256;
const BEARER = /^Bearer +([\x21-\x7e]+)$/i;

export type Credential = { readonly kind: 'key'; readonly key: string } | { readonly kind: 'session'; readonly token: string };

/**
 * What a request proves itself with: `Authorization: Bearer <key>`, else the cookie of a session. A header that is there and says
 * something else is no credential, whatever cookie comes along.
 */
export function readCredential(headers: IncomingHttpHeaders, secure: boolean): Credential | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const key = authorization.length > LONGEST ? undefined : BEARER.exec(authorization)?.[1];
    return key === undefined ? undefined : { kind: 'key', key };
  }
  const token = cookieOf(headers, cookieName(headers, secure));
  return token === undefined ? undefined : { kind: 'session', token };
}

/**
 * Browsers keep cookies by host and share them between its ports: each port has a name of its own, so that two projects on one
 * machine do not end each other's sessions. Over TLS the prefix `__Host-` keeps other hosts of the domain from setting it (RFC 6265bis).
 */
export function cookieName(headers: IncomingHttpHeaders, secure: boolean): string {
  const port = /:(\d{1,5})$/.exec(headers.host ?? '')?.[1];
  return `${isSecure(headers, secure) ? '__Host-' : ''}kb_session${port === undefined ? '' : `_${port}`}`;
}

/** The value of `Set-Cookie`; no `token` takes the cookie away. */
export function sessionCookie(headers: IncomingHttpHeaders, { secure, token, maxAgeMs = 0 }: { secure: boolean; token?: string; maxAgeMs?: number }): string {
  const parts = [`${cookieName(headers, secure)}=${token ?? ''}`, 'Path=/', `Max-Age=${String(Math.floor(maxAgeMs / 1_000))}`, 'HttpOnly', 'SameSite=Strict'];
  return [...parts, ...(isSecure(headers, secure) ? ['Secure'] : [])].join('; ');
}

/** This machine is asked without TLS, also where others come through a proxy that has it. */
function isSecure({ host = '' }: IncomingHttpHeaders, secure: boolean): boolean {
  return secure && !isLoopback(hostOf(host));
}

/** A cookie that comes twice was set by somebody else too: then neither counts. */
function cookieOf({ cookie = '' }: IncomingHttpHeaders, name: string): string | undefined {
  const values = cookie.split(';').flatMap((part) => {
    const at = part.indexOf('=');
    return at !== -1 && part.slice(0, at).trim() === name ? [part.slice(at + 1).trim()] : [];
  });
  const [value] = values;
  return values.length === 1 && value !== undefined && value.length <= LONGEST ? value : undefined;
}
