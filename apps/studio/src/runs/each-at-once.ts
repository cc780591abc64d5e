export interface Failed<Item> {
  readonly item: Item;
  readonly problem: unknown;
}

/** Does something to every item, so many at once, and tells after each how many are done. Those that failed come back with why; the others are done. */
export async function eachAtOnce<Item>(items: readonly Item[], atOnce: number, { act, onProgress }: { readonly act: (item: Item) => Promise<unknown>; readonly onProgress?: (done: number) => void }): Promise<readonly Failed<Item>[]> {
  const failed: Failed<Item>[] = [];
  const left = items.values();
  let done = 0;
  const work = async (): Promise<void> => {
    for (const item of left) {
      try {
        await act(item);
      } catch (problem) {
        failed.push({ item, problem });
      }
      done += 1;
      onProgress?.(done);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return failed;
}
