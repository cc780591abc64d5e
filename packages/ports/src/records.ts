import type { JsonValue } from '@kb-labs/contracts';

/**
 * What is kept beside the runs: credentials, schedules, deliveries, the audit log. JSON documents by kind and key, each with a
 * version that grows with every write of it. One whose time is over is not there, and makes room by itself later.
 */
export interface Records {
  get(kind: string, key: string): Promise<StoredRecord | undefined>;
  /** Those of one kind, in the order of the bytes of their keys, or against it. */
  list(kind: string, page: RecordPage): Promise<StoredRecord[]>;
  /** Writes everything or, when one of `expected` does not hold, nothing: then it answers `false`. */
  write(changes: readonly RecordChange[], options?: RecordWriteOptions): Promise<boolean>;
}

export interface RecordWriteOptions {
  /**
   * Whether it is on the disk when it is answered, as it is when left out. Without, a power cut may undo it, together with all that was written to the
   * same state after it and before the next write that waits: what comes after it never stays without it. A store pays heed to it where that saves anything.
   */
  readonly waitsForDisk?: boolean;
}

export interface RecordPage {
  /** Only keys that begin with it. */
  readonly prefix?: string;
  /** Only keys behind this one, in the order asked for. */
  readonly after?: string;
  readonly descending?: boolean;
  readonly limit: number;
}

export interface StoredRecord {
  readonly key: string;
  /** From 1; of what was removed, or is over, and comes back, from 1 again. */
  readonly version: number;
  readonly value: JsonValue;
}

/**
 * Kinds are of `a-z` and `-`, at most 32 characters; keys of 1 to 1,024 bytes; a value has at most 1 MiB as JSON. One write
 * names a record once. Anything else is a mistake of the caller, `INTERNAL`.
 */
export type RecordChange =
  | {
      readonly kind: string;
      readonly key: string;
      readonly value: JsonValue;
      /** The version it must have; 0: it must not be there. Left out: whatever is there. */
      readonly expected?: number;
      /** Gone from then on, in milliseconds since the epoch. Left out: never. */
      readonly expiresAt?: number;
    }
  | { readonly kind: string; readonly key: string; readonly remove: true; readonly expected?: number };
