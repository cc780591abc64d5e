export interface Throttled {
  readonly call: () => void;
  /** What is still to come does not come. */
  readonly stop: () => void;
}

/** At once, and then once more at the end of every `ms` in which it was called again. */
export function throttle(act: () => void, ms: number): Throttled {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const open = (): void => {
    timer = setTimeout(() => {
      timer = undefined;
      if (!again) return;
      again = false;
      act();
      open();
    }, ms);
  };
  return {
    call: () => {
      if (timer !== undefined) {
        again = true;
        return;
      }
      act();
      open();
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
      again = false;
    },
  };
}
