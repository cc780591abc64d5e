import type { Page, RunSummaryView } from '@kb-labs/contracts';

type RunPage = Page<RunSummaryView>;

/** What is known of a list of runs: its first page, which is kept as it is now, and the pages behind it as they were when they were read. */
export interface RunPages {
  readonly live: RunPage;
  /** `null`: none was read yet. */
  readonly older: readonly RunSummaryView[] | null;
  /** Where the next older page begins; `null`: there is none. */
  readonly next: string | null;
  /** How many pages were read. */
  readonly pages: number;
}

export function firstPages(live: RunPage): RunPages {
  return { live, older: null, next: live.nextCursor ?? null, pages: 1 };
}

/** With a newer first page. What it pushed out stays in the list when the list goes on behind it. */
export function withLive(known: RunPages | undefined, live: RunPage): RunPages {
  if (known === undefined || known.older === null) return firstPages(live);
  // A cursor is the last run that was looked at: everything from it on is in this page, or is not asked for any more.
  const { nextCursor: end } = live;
  if (end === undefined) return { ...known, live, older: [], next: null };
  const behind = [...known.live.items, ...known.older].filter(({ id }) => id < end);
  return { ...known, live, older: [...new Map(behind.map((run) => [run.id, run])).values()] };
}

/** With the page that `next` led to. */
export function withOlder(known: RunPages, page: RunPage): RunPages {
  const there = new Set(runsOf(known).map(({ id }) => id));
  return { ...known, older: [...(known.older ?? []), ...page.items.filter(({ id }) => !there.has(id))], next: page.nextCursor ?? null, pages: known.pages + 1 };
}

export function runsOf({ live, older }: RunPages): readonly RunSummaryView[] {
  return older === null ? live.items : [...live.items, ...older];
}
