/** Where a blob is, once it is whole. */
export function blobKey(prefix: string, hash: string): string {
  return `${prefix}sha256/${hash.slice(0, 2)}/${hash.slice(2)}`;
}

/** Where large blobs are while their digest is not known yet. */
export function incomingPrefix(prefix: string): string {
  return `${prefix}incoming/`;
}
