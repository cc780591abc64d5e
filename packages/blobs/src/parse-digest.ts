const DIGEST = /^sha256:([0-9a-f]{64})$/;

/** The hex digits of a digest; `undefined` for any other text, so that no text can name a path or a key. */
export function parseDigest(digest: string): string | undefined {
  return DIGEST.exec(digest)?.[1];
}
