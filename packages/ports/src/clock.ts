/** Time, injected. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after `ms`, unless the returned function was called before. Never keeps a process alive by itself when `unref` is set. */
  after(ms: number, callback: () => void, options?: { unref?: boolean }): () => void;
}
