/** What a bucket of tokens held at an instant, in milliseconds since the epoch. */
export interface BucketLevel {
  readonly tokens: number;
  readonly at: number;
}

interface Size {
  readonly capacity: number;
  readonly perSecond: number;
}

/** Less than any cost: what fractions leave over must not keep a bucket from having enough at the instant that was named. */
const ROUNDING = 1e-6;

/** What a bucket holds now. Without an earlier level it is full; time that goes back refills nothing. */
export function refill(earlier: BucketLevel | undefined, { capacity, perSecond }: Size, now: number): number {
  if (earlier === undefined) return capacity;
  return Math.min(capacity, earlier.tokens + (Math.max(0, now - earlier.at) * perSecond) / 1_000);
}

export function hasEnough(tokens: number, cost: number): boolean {
  return tokens + ROUNDING >= cost;
}

/** Of what is left: what can be taken one by one. */
export function wholeTokens(tokens: number): number {
  return Math.floor(tokens + ROUNDING);
}

/** How long until a bucket that holds so much holds `wanted`. */
export function refillMs(tokens: number, wanted: number, perSecond: number): number {
  return Math.max(0, Math.ceil(((wanted - tokens) * 1_000) / perSecond));
}

/** What is wrong with a question for tokens; `undefined`: nothing. */
export function problemOfBuckets(cost: number, buckets: readonly (Size & { readonly key: string })[]): string | undefined {
  if (!(cost >= 0)) return 'a cost is not negative';
  if (new Set(buckets.map((bucket) => bucket.key)).size < buckets.length) return 'a bucket is named twice';
  for (const { key, capacity, perSecond } of buckets) {
    if (!(perSecond > 0 && Number.isFinite(perSecond) && Number.isFinite(capacity))) return `the bucket ${key} is never full`;
    if (!(capacity > 0 && cost <= capacity)) return `the bucket ${key} never holds ${String(cost)}`;
  }
  return undefined;
}
