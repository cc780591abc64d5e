import type { IncomingHttpHeaders } from 'node:http';

import { type ApiKeyView, type AuditEntry, type Caller, mayDo, type NewApiKeyView, type Page, PERMISSIONS, type Permission, type Role } from '@kb-labs/contracts';
import { createKey, createLink, endBrowserSession, type EngineDeps, listAudit, listKeys, openBrowserSession, readBrowserSession, recordAudit, revokeKey } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';

import { readCredential, sessionCookie } from './credentials.js';

export interface AccessRouteDeps {
  readonly engine: Pick<EngineDeps, 'records' | 'clock'>;
  /** Whether browsers come by TLS. */
  readonly secure: boolean;
}

interface Asked {
  readonly caller: Caller;
  readonly headers: IncomingHttpHeaders;
}

interface Answered<Body> {
  readonly status: number;
  readonly body: Body;
}

interface Told {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface CallerView {
  readonly name: string;
  readonly role: Role;
  readonly tenant: string;
  readonly via: Caller['via'];
  readonly permissions: readonly Permission[];
  /** Sent back as `X-KB-CSRF` with every change; `null` without a session. */
  readonly csrf: string | null;
  readonly sessionEndsAt: string | null;
}

type PageQuery = { readonly cursor?: string; readonly limit?: number };

/** What the routes about access do: one function per row. */
export const accessHandlers = {
  showCaller: async ({ engine, secure }: AccessRouteDeps, { caller, headers }: Asked): Promise<Answered<CallerView>> => {
    const { name, role, tenant, via } = caller;
    const token = tokenOf(headers, secure);
    const session = via === 'session' && token !== undefined ? await readBrowserSession(engine, token) : undefined;
    const permissions = PERMISSIONS.filter((permission) => mayDo(role, permission));
    return { status: 200, body: { name, role, tenant, via, permissions, csrf: session?.csrf ?? null, sessionEndsAt: session === undefined ? null : new Date(session.endsAt).toISOString() } };
  },

  createLink: async ({ engine }: AccessRouteDeps, { caller }: Pick<Asked, 'caller'>): Promise<Answered<{ path: string; expiresAt: string }>> => {
    const { code, expiresAt } = await createLink(engine, caller);
    await recordAudit(engine, { actor: caller.name, tenant: caller.tenant, action: 'createLink', target: caller.keyId ?? '', outcome: 'done' });
    return { status: 201, body: { path: `/studio/enter?code=${code}`, expiresAt: new Date(expiresAt).toISOString() } };
  },

  enterStudio: async ({ engine, secure }: AccessRouteDeps, { query, headers }: { readonly query: { readonly code: string }; readonly headers: IncomingHttpHeaders }): Promise<Told> => {
    // What a browser fetches before anybody has asked for it must not use the link up.
    if (String(headers['sec-purpose'] ?? '').includes('prefetch')) throw new AppError('LINK_UNUSABLE');
    const { token, session } = await openBrowserSession(engine, query.code);
    const { name, tenant, keyId } = session.caller;
    await recordAudit(engine, { actor: name, tenant, action: 'enterStudio', target: keyId ?? '', outcome: 'done' });
    const cookie = sessionCookie(headers, { secure, token, maxAgeMs: session.lastsMs });
    return { status: 303, text: 'go to /studio/\n', headers: { Location: './', 'Set-Cookie': cookie, 'Content-Type': 'text/plain; charset=utf-8' } };
  },

  signOut: async ({ engine, secure }: AccessRouteDeps, { headers }: Pick<Asked, 'headers'>): Promise<Told> => {
    const token = tokenOf(headers, secure);
    if (token !== undefined) await endBrowserSession(engine, token);
    return { status: 200, text: 'signed out\n', headers: { 'Set-Cookie': sessionCookie(headers, { secure }), 'Content-Type': 'text/plain; charset=utf-8' } };
  },

  listKeys: async ({ engine }: AccessRouteDeps, { caller, query }: Pick<Asked, 'caller'> & { readonly query: PageQuery }): Promise<Answered<Page<ApiKeyView>>> => ({
    status: 200,
    body: await listKeys(engine, { ...query, tenant: caller.tenant }),
  }),

  createKey: async (
    { engine }: AccessRouteDeps,
    { caller, body }: Pick<Asked, 'caller'> & { readonly body: { readonly name: string; readonly role: Role; readonly expiresInMs?: number } },
  ): Promise<Answered<NewApiKeyView>> => {
    const { name, role, expiresInMs } = body;
    return { status: 201, body: await createKey(engine, { name, role, tenant: caller.tenant, by: caller.name, ...(expiresInMs === undefined ? {} : { lifeMs: expiresInMs }) }) };
  },

  revokeKey: async ({ engine }: AccessRouteDeps, { caller, params }: Pick<Asked, 'caller'> & { readonly params: { readonly id: string } }): Promise<Answered<ApiKeyView>> => ({
    status: 200,
    body: await revokeKey(engine, { id: params.id, tenant: caller.tenant }),
  }),

  listAudit: async ({ engine }: AccessRouteDeps, { caller, query }: Pick<Asked, 'caller'> & { readonly query: PageQuery }): Promise<Answered<Page<AuditEntry>>> => ({
    status: 200,
    body: await listAudit(engine, { ...query, tenant: caller.tenant }),
  }),
} as const;

function tokenOf(headers: IncomingHttpHeaders, secure: boolean): string | undefined {
  const credential = readCredential(headers, secure);
  return credential?.kind === 'session' ? credential.token : undefined;
}
