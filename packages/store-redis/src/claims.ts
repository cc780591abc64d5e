import type { RunId } from '@kb-labs/contracts';
import type { ClaimOwner, OpenClaim } from '@kb-labs/ports';

import { AS_A_WHOLE } from './entries.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import { CLAIMS_OF } from './lua/installation-views.js';

/** How many of those ahead are named. */
const AHEAD_SHOWN = 100;

type ClaimRow = readonly [job: string, group: string, aheadCount: number, ahead: readonly string[]];

export async function listClaims(link: Link, keys: Keys, runId: RunId): Promise<OpenClaim[]> {
  const rows = (await link.run(CLAIMS_OF, [keys.base], [link.now, runId, AHEAD_SHOWN])) as ClaimRow[];
  const claims = rows.map(([job, group, aheadCount, ahead]) => ({ group, job: toJob(job), runId, ahead: ahead.map(toOwner), aheadCount }));
  return claims.sort((a, b) => ((a.job ?? '') < (b.job ?? '') ? -1 : 1));
}

/** `<run>/<job>`; ids of runs hold no slash. */
function toOwner(text: string): ClaimOwner {
  const slash = text.indexOf('/');
  return { runId: text.slice(0, slash) as RunId, job: toJob(text.slice(slash + 1)) };
}

function toJob(text: string): string | null {
  return text === AS_A_WHOLE ? null : text;
}
