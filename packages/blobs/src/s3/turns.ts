/** Does what concerns one blob one after the other, as far as this process goes. */
export type Turns = <T>(hash: string, act: () => Promise<T>) => Promise<T>;

export function takeTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return async (hash, act) => {
    const mine = (last.get(hash) ?? Promise.resolve()).then(act, act);
    last.set(hash, mine);
    try {
      return await mine;
    } finally {
      if (last.get(hash) === mine) last.delete(hash);
    }
  };
}
