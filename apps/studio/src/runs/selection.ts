/** Some of a list, by id. `last` is where a range goes on from. */
export interface Selection {
  readonly ids: ReadonlySet<string>;
  readonly last: string | null;
}

export const NOTHING: Selection = { ids: new Set(), last: null };

export function toggle({ ids }: Selection, id: string): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, last: id };
}

/** Everything from the one chosen last to this one becomes what that one is. Without one before, it is this one alone. */
export function selectRange(selection: Selection, order: readonly string[], id: string): Selection {
  const [from, to] = [selection.last === null ? -1 : order.indexOf(selection.last), order.indexOf(id)];
  if (from === -1 || to === -1 || selection.last === null) return toggle(selection, id);
  const chosen = selection.ids.has(selection.last);
  const next = new Set(selection.ids);
  for (const each of order.slice(Math.min(from, to), Math.max(from, to) + 1)) {
    if (chosen) next.add(each);
    else next.delete(each);
  }
  return { ids: next, last: id };
}

/** All of them, or none when all were. */
export function toggleAll({ ids }: Selection, order: readonly string[]): Selection {
  return order.every((id) => ids.has(id)) ? NOTHING : { ids: new Set(order), last: null };
}
