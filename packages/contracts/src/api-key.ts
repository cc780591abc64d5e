import type { Role } from './access.js';

/**
 * The form of a key: `kb_<id>_<secret>`, the secret being 32 random bytes in base64url. A text of this form in a repository, a log or
 * a chat is a key, which is what its beginning is for.
 */
const FORM = /^kb_([a-z0-9]{8,32})_([A-Za-z0-9_-]{43})$/;
const WITHIN = /kb_([a-z0-9]{8,32})_[A-Za-z0-9_-]{43}/g;

/** Names the key that a daemon makes for its own machine. */
export const LOOPBACK_KEY_ID = 'loopback';

export function formatApiKey({ id, secret }: { readonly id: string; readonly secret: string }): string {
  return `kb_${id}_${secret}`;
}

/** `undefined` for what is no key. */
export function parseApiKey(text: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** A text in which every key has lost its secret. */
export function hideApiKeys(text: string): string {
  return text.replace(WITHIN, 'kb_$1_***');
}

/** A key as lists show it: never with its secret. Times are ISO 8601 in UTC. */
export interface ApiKeyView {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly tenant: string;
  readonly status: 'active' | 'expired' | 'revoked';
  readonly createdAt: string;
  /** Who made it. */
  readonly createdBy: string;
  readonly expiresAt: string | null;
  /** To within a minute. */
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

/** The one time a key is shown. */
export interface NewApiKeyView extends ApiKeyView {
  readonly key: string;
}
