/** Tasks under way, a bounded number of them. The failure of one comes out of the next `add` or of `end`. */
export interface Lane {
  /** Takes in a task that has been started; resolves when there is room for one more. */
  add(task: Promise<unknown>): Promise<void>;
  /** Resolves when all have ended well. */
  end(): Promise<void>;
  /** Resolves when all have ended, well or not. */
  settle(): Promise<void>;
}

export function openLane(width: number): Lane {
  const open: Promise<unknown>[] = [];
  return {
    async add(task) {
      // Reported when its turn comes; until then it must not count as unhandled.
      task.catch(() => undefined);
      open.push(task);
      if (open.length >= width) await open.shift();
    },
    async end() {
      for (let task = open.shift(); task !== undefined; task = open.shift()) await task;
    },
    async settle() {
      await Promise.allSettled(open);
    },
  };
}
