import { useMemo, useState } from 'react';

import { firstFrom, type LogView } from './log-view.js';
import type { LogSearch } from './search-log.js';

export interface Hits {
  /** How many of the lines that are shown have it. */
  readonly here: number;
  /** Which of them was gone to, from 0. */
  readonly at: number | null;
  /** The same as its index in the store. */
  readonly hit: number | null;
  readonly place: { readonly row: number; readonly key: string } | null;
  readonly move: (by: 1 | -1) => void;
  readonly clear: () => void;
}

/** Goes from hit to hit among the lines that are shown, and on from the last at the first. */
export function useHits(search: LogSearch | null, view: LogView): Hits {
  const [gone, setGone] = useState<{ readonly hit: number; readonly times: number } | null>(null);
  const shown = useMemo(() => ({ search, view, rows: [] as number[], seen: 0 }), [search, view]);
  const rows = grown(shown);
  const row = gone === null ? -1 : view.rowOf(gone.hit);
  const place = row === -1 ? -1 : firstFrom(rows, row);
  const at = place !== -1 && rows[place] === row ? place : -1;
  return {
    here: rows.length,
    at: at === -1 ? null : at,
    hit: at === -1 || gone === null ? null : gone.hit,
    place: at === -1 || gone === null ? null : { row, key: `hit ${String(gone.hit)} ${String(gone.times)}` },
    move: (by) => {
      const next = rows[at === -1 ? (by === 1 ? 0 : rows.length - 1) : (at + by + rows.length) % rows.length];
      if (next !== undefined) setGone({ hit: view.indexAt(next), times: (gone?.times ?? 0) + 1 });
    },
    clear: () => {
      setGone(null);
    },
  };
}

/** The rows of the hits that are shown. Hits only come to it, so that only new ones are looked at. */
function grown(shown: { readonly search: LogSearch | null; readonly view: LogView; readonly rows: number[]; seen: number }): readonly number[] {
  const hits = shown.search?.hits ?? [];
  for (; shown.seen < hits.length; shown.seen += 1) {
    const row = shown.view.rowOf(hits[shown.seen] ?? -1);
    if (row !== -1) shown.rows.push(row);
  }
  return shown.rows;
}
