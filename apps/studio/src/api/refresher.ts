export interface Refresher {
  /** Something has changed: reads anew, at once or when the last time is long enough ago. Never is what changes during a reading missed. */
  readonly ask: () => void;
  readonly stop: () => void;
}

/** Reads something anew when it may have changed, never twice at once, and with a pause of `gapMs` between two beginnings. */
export function createRefresher({ read, gapMs }: { readonly read: () => Promise<unknown>; readonly gapMs: () => number }): Refresher {
  let wanted = false;
  let reading = false;
  let stopped = false;
  let began = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const plan = (): void => {
    if (stopped || reading || !wanted || timer !== undefined) return;
    timer = setTimeout(begin, Math.max(0, began + gapMs() - performance.now()));
  };
  const begin = (): void => {
    timer = undefined;
    wanted = false;
    reading = true;
    began = performance.now();
    void read()
      .catch(() => undefined)
      .finally(() => {
        reading = false;
        plan();
      });
  };
  return {
    ask: () => {
      wanted = true;
      plan();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
