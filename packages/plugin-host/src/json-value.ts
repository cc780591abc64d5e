import { LIMITS } from '@kb-labs/contracts';

import { copyWithin, type JsonCopy } from './json-copy.js';

/** A copy of a value of at most `maxBytes` of JSON, `LIMITS.valueDepth` levels and `LIMITS.outputValues` values; see `copyWithin`. */
export function copyJson(value: unknown, maxBytes: number): JsonCopy {
  return copyWithin(value, { bytes: maxBytes, depth: LIMITS.valueDepth, values: LIMITS.outputValues });
}
