/** Turns hints into something to wait for. Hints that come while nobody waits are remembered as one. */
export interface Changes {
  /** Resolves at the next change, at once when there was one since the last call; `false` when the signal was aborted. */
  next(): Promise<boolean>;
  close(): void;
}

export function changes(watch: (onChange: () => void) => () => void, signal: AbortSignal): Changes {
  let pending = false;
  let wake: (() => void) | undefined;
  const notify = (): void => {
    pending = true;
    wake?.();
  };
  const unwatch = watch(notify);
  signal.addEventListener('abort', notify);
  return {
    async next() {
      if (!pending && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      pending = false;
      wake = undefined;
      return !signal.aborted;
    },
    close() {
      unwatch();
      signal.removeEventListener('abort', notify);
    },
  };
}
