import { createHash } from 'node:crypto';

import type { JsonValue } from '@kb-labs/contracts';

import { assertJson } from './assert-json.js';
import { canonicalJson } from './canonical-json.js';

/**
 * Names a JSON value by its content: `sha256:` and 64 lower-case hex digits of SHA-256 over the UTF-8 bytes of
 * `canonicalJson({ type, value })`. The type is inside the hashed bytes: equal values of two types differ.
 *
 * Refuses what `canonicalJson` refuses, an empty type, and integers beyond ±(2^53 − 1): two documents that differ
 * only in such a number would read as the same double and share a digest.
 */
export function contentDigest(type: string, value: JsonValue): string {
  if (type === '') throw new TypeError('a digest needs a type');
  assertJson(value, { exactIntegers: true });
  return sha256(canonicalJson({ type, value }));
}

/** Names bytes: `sha256:` and 64 lower-case hex digits of their SHA-256. */
export function bytesDigest(bytes: Uint8Array): string {
  return sha256(bytes);
}

function sha256(data: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}
