import { LIMITS } from '@kb-labs/contracts';

import { Empty } from '../parts/empty.js';
import type { RunPages } from './run-pages.js';

/** Why the list is empty, and what to do about it. */
export function NoRuns({ pages, filtered }: { readonly pages: RunPages; readonly filtered: boolean }) {
  if (pages.next !== null) return <Empty title="Nothing so far">None of the newest {(pages.pages * LIMITS.runsLookedThrough).toLocaleString()} runs is what you look for. There are older ones.</Empty>;
  if (filtered) return <Empty title="No run is what you look for">Take a filter away to see more.</Empty>;
  return (
    <Empty title="No runs yet" command="kb workflow:run --workflow-id=hello">
      Every run of a workflow of this project will be listed here, as it is at the moment. Start one from the page of its workflow, or from a terminal.
    </Empty>
  );
}
