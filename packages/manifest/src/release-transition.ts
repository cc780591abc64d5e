import type { ReleaseState } from '@kb-labs/contracts';

/** What a version can become. Revoked is for ever; nothing goes back to being a draft. */
const NEXT: { readonly [State in ReleaseState]: readonly ReleaseState[] } = {
  draft: ['verified', 'canary', 'active', 'revoked'],
  verified: ['canary', 'active', 'revoked'],
  canary: ['verified', 'active', 'revoked'],
  active: ['verified', 'canary', 'revoked'],
  revoked: [],
};

/** Whether a version may go from one release state to another. What is released may be released again as what it is, on other evidence. */
export function mayBecome(from: ReleaseState, to: ReleaseState): boolean {
  return from === to ? from !== 'revoked' && from !== 'draft' : NEXT[from].includes(to);
}
