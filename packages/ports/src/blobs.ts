/** Bytes by their digest. Storing the same bytes twice stores them once. */
export interface Blobs {
  /** Stores bytes durably. Of bytes that are here already it renews the time. Fails with `ARTIFACT_INVALID` past `maxBytes`, keeping nothing. */
  put(content: BlobContent, maxBytes: number): Promise<StoredBlob>;
  /** The bytes, or `undefined` when they are not here. Reading checks them against the digest: `STATE_CORRUPT` on a difference. */
  get(digest: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  /**
   * Removes bytes unless they were stored, or stored again, at or after `unlessSince` (milliseconds since the epoch): then
   * it answers `false`. Of what is not here it answers `true`.
   */
  remove(digest: string, unlessSince: number): Promise<boolean>;
}

/** `digest` is `sha256:` and 64 hex digits. */
export interface StoredBlob {
  readonly digest: string;
  readonly bytes: number;
}

export type BlobContent = Uint8Array | AsyncIterable<Uint8Array>;
