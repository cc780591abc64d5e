/** Names every key. The braces keep what one pipeline touches on one node of a cluster. */

/** Which upload holds the bytes of a digest. */
export function manifestKey(prefix: string, hash: string): string {
  return `${prefix}:blob:{${hash}}`;
}

/** One piece of an upload, counted from 0. */
export function chunkKey(prefix: string, upload: string, index: number): string {
  return `${prefix}:blob:{${upload}}:${String(index)}`;
}
