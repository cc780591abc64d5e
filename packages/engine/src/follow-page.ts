import type { Page, RunSummaryView } from '@kb-labs/contracts';

import { listApprovals, type PendingApproval } from './answer-approval.js';
import { changes } from './changes.js';
import type { EngineDeps } from './deps.js';
import { type ListRuns, listRuns, type ListRunsDeps } from './list-runs.js';
import { pause } from './pause.js';

/** How long a page stands at least. */
const PAGE_STANDS_MS = 500;
/** A page that takes long to read is read less often: so many times as long as it took lie between. */
const SHARE = 10;

export interface FollowedPage<Item> {
  /** The same for the same page. */
  readonly digest: string;
  readonly page: Page<Item>;
}

export interface FollowPage {
  /** Ends it; nothing else does. */
  readonly signal: AbortSignal;
  /** The digest of a page that is known: it is not told again. */
  readonly known?: string;
}

type FollowDeps = Pick<EngineDeps, 'log' | 'clock'>;

/** The first page of a list of runs, now and after every change to it. */
export function followRuns(deps: FollowDeps & ListRunsDeps, query: Omit<ListRuns, 'cursor'>, options: FollowPage): AsyncGenerator<FollowedPage<RunSummaryView>> {
  return followPage(deps, () => listRuns(deps, query), options);
}

/** The first page of what waits for a decision, now and after every change to it. */
export function followApprovals(
  deps: FollowDeps & Pick<EngineDeps, 'catalog'>,
  query: { readonly tenant?: string; readonly limit?: number },
  options: FollowPage,
): AsyncGenerator<FollowedPage<PendingApproval>> {
  return followPage(deps, () => listApprovals(deps, query), options);
}

/** Nothing is read while no journal grows. */
async function* followPage<Item>({ log, clock }: FollowDeps, read: () => Promise<Page<Item>>, { signal, known }: FollowPage): AsyncGenerator<FollowedPage<Item>> {
  const { bytesDigest } = await import('@kb-labs/digest');
  const changed = changes((onChange) => log.watch(null, onChange), signal);
  let last = known;
  try {
    do {
      // The lists of a store can be behind its journals by a moment: after a change they are looked at twice.
      for (let look = 1; look <= 2 && !signal.aborted; look += 1) {
        const began = clock.now();
        const page = await read();
        const rest = Math.max(PAGE_STANDS_MS, SHARE * (clock.now() - began));
        const digest = bytesDigest(new TextEncoder().encode(JSON.stringify(page)));
        if (digest !== last) yield { digest, page };
        last = digest;
        await pause(clock, rest, signal);
      }
    } while (await changed.next());
  } finally {
    changed.close();
  }
}
