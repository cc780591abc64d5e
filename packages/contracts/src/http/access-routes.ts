import * as z from 'zod/mini';

import { PERMISSIONS, ROLES } from '../access.js';
import type { RouteSpec } from './route-spec.js';
import { jsonObject, pageOf, wholeNumber } from './schema-of.js';

const text = z.string();
const role = z.enum(ROLES);
const paged = { cursor: z.exactOptional(text), limit: z.exactOptional(wholeNumber(1, 200)) };
const key = {
  id: text,
  name: text,
  role,
  tenant: text,
  status: z.enum(['active', 'expired', 'revoked']),
  createdAt: text,
  createdBy: text,
  expiresAt: z.nullable(text),
  lastUsedAt: z.nullable(text),
  revokedAt: z.nullable(text),
};
const auditEntry = z.strictObject({
  seq: z.number(),
  at: text,
  actor: text,
  tenant: text,
  action: text,
  target: text,
  outcome: z.enum(['asked', 'done', 'refused']),
  details: jsonObject,
  previous: text,
  hash: text,
});

/** What is about who may do what: keys, sessions of browsers, the audit log. */
export const ACCESS_ROUTES = {
  showCaller: {
    method: 'GET',
    path: '/api/v1/auth/me',
    tag: 'access',
    summary: 'Show who asks, and what they may do',
    description: '`csrf` is what a page has to send as the header X-KB-CSRF with every change; `null` for callers with a key.',
    access: 'read',
    answers: [
      {
        status: 200,
        body: z.strictObject({ name: text, role, tenant: text, via: z.enum(['key', 'loopback', 'session']), permissions: z.array(z.enum(PERMISSIONS)), csrf: z.nullable(text), sessionEndsAt: z.nullable(text) }),
      },
    ],
  },
  createLink: {
    method: 'POST',
    path: '/api/v1/auth/links',
    tag: 'access',
    summary: 'Make a link that opens Studio in a browser',
    description: 'It works once, within a minute. The browser can then do what the caller can, for twelve hours after it was last used and for a week at most.',
    access: 'read',
    body: z.strictObject({}),
    answers: [{ status: 201, body: z.strictObject({ path: text, expiresAt: text }) }],
  },
  enterStudio: {
    method: 'GET',
    path: '/studio/enter',
    tag: 'access',
    summary: 'Open Studio by a link',
    description: 'The code is the permission, and used up by this.',
    access: 'proof',
    query: z.strictObject({ code: text.check(z.maxLength(64)) }),
    answers: [{ status: 303, body: { text: 'text/plain' }, when: 'the cookie of the session is set; go to /studio/' }],
  },
  signOut: {
    method: 'POST',
    path: '/api/v1/auth/sign-out',
    tag: 'access',
    summary: 'End the session of a browser',
    access: 'read',
    body: z.strictObject({}),
    answers: [{ status: 200, body: { text: 'text/plain' } }],
  },
  listKeys: {
    method: 'GET',
    path: '/api/v1/keys',
    tag: 'access',
    summary: 'List keys, newest first',
    access: 'admin',
    query: z.strictObject(paged),
    answers: [{ status: 200, body: pageOf(z.strictObject(key)) }],
  },
  createKey: {
    method: 'POST',
    path: '/api/v1/keys',
    tag: 'access',
    summary: 'Make a key',
    description: 'For the tenant of the caller. `key` is in this answer and nowhere else.',
    access: 'admin',
    body: z.strictObject({ name: text.check(z.minLength(1), z.maxLength(128), z.regex(/^\P{C}*$/u, { error: 'a name has no control characters' })), role, expiresInMs: z.exactOptional(z.int().check(z.positive())) }),
    recorded: ['name', 'role', 'expiresInMs'],
    answers: [{ status: 201, body: z.strictObject({ ...key, key: text }) }],
  },
  revokeKey: {
    method: 'POST',
    path: '/api/v1/keys/:id/revoke',
    tag: 'access',
    summary: 'Take a key back',
    description: 'Everywhere within five seconds, with the sessions that were opened with it.',
    access: 'admin',
    params: z.strictObject({ id: text }),
    body: z.strictObject({}),
    answers: [{ status: 200, body: z.strictObject(key) }],
  },
  listAudit: {
    method: 'GET',
    path: '/api/v1/audit',
    tag: 'access',
    summary: 'List the audit log, newest first',
    access: 'admin',
    query: z.strictObject(paged),
    answers: [{ status: 200, body: pageOf(auditEntry) }],
  },
} as const satisfies Readonly<Record<string, RouteSpec>>;
