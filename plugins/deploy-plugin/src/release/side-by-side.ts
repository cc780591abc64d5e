const AT_ONCE = 8;

/** Does the same for every item, a few at a time, and answers in their order. The first failure ends it. */
export async function sideBySide<Item, Result>(items: readonly Item[], act: (item: Item, at: number) => Result | Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const at = next;
      next += 1;
      try {
        results[at] = await act(items[at] as Item, at);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}
