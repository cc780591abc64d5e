import { useEffect, useMemo, useState } from 'react';

import type { LogStore } from './log-store.js';
import { LogSearch, type LogQuery } from './search-log.js';

/** A piece of the search takes no longer than this, so that typing and scrolling stay smooth. */
const SLICE_MS = 8;

/** How often what was found so far is shown. */
const REDRAW_MS = 100;

export interface FoundInLog {
  readonly search: LogSearch;
  /** Not all lines were looked at yet. */
  readonly busy: boolean;
}

/** Looks through the log in pieces, and through new lines as they come. `null` while nothing is looked for. */
export function useLogSearch(store: LogStore, version: number, { text, regex }: LogQuery): FoundInLog | null {
  const search = useMemo(() => (text === '' ? null : new LogSearch(store, { text, regex })), [store, text, regex]);
  const [, redraw] = useState(0);
  useEffect(() => {
    if (search === null || search.done) return undefined;
    let drawn = performance.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const slice = (): void => {
      const end = performance.now() + SLICE_MS;
      search.advance(() => performance.now() < end);
      if (search.done || end - drawn > REDRAW_MS) {
        drawn = end;
        redraw((count) => count + 1);
      }
      if (!search.done) timer = setTimeout(slice);
    };
    slice();
    return () => {
      clearTimeout(timer);
    };
  }, [search, version]);
  return search === null ? null : { search, busy: !search.done };
}
