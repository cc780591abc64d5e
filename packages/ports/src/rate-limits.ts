/** Counts what callers use up. One call is atomic, whichever process asks. */
export interface RateLimits {
  /**
   * Takes from every bucket, or from none when one of them has too little. Time is the store's. Keys differ, and `cost` is
   * at most what the smallest bucket holds: anything else is a mistake of the caller, `INTERNAL`.
   */
  take(cost: number, buckets: readonly Bucket[]): Promise<RateAnswer>;
}

/** A bucket of tokens (RFC 9331 has the wording of the headers): full at first, refilled evenly. */
export interface Bucket {
  readonly key: string;
  /** Tokens it holds when full. */
  readonly capacity: number;
  readonly perSecond: number;
}

export type RateAnswer =
  | { readonly ok: true; /** Whole tokens left in the emptiest bucket; infinite without a bucket. */ readonly remaining: number }
  | { readonly ok: false; /** The bucket that has too little for the longest time, by its place in the list. */ readonly bucket: number; /** Until it has enough. */ readonly retryAfterMs: number };
