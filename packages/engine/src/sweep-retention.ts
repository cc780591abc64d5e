import type { KeptFor, RetentionPolicy, RunId } from '@kb-labs/contracts';
import type { EndedRunQuery, KeptBytes, KeptRun, RemovedParts } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import { recordAudit } from './record-audit.js';
import { RunTrees, type TreeDeps } from './run-trees.js';
import { holdSweep, type SweepHold } from './sweep-hold.js';

/** Blobs without a run are left alone for so long: a run that will refer to them may be about to be written. */
const BLOB_GRACE_MS = 3_600_000;
const PAGE = 50;

export type SweepDeps = Pick<EngineDeps, 'retention' | 'records' | 'blobs' | 'clock' | 'ids' | 'logger'> & TreeDeps;

interface Swept {
  readonly runs: number;
  readonly logs: number;
  readonly artifacts: number;
  /** Of journals, logs and artifacts as their runs counted them. */
  readonly bytes: number;
}

export interface Sweep {
  /** Another daemon sweeps, or has within the last hour: nothing was done. */
  readonly skipped: boolean;
  readonly removed: Swept;
  /** How many blobs no run referred to any more. */
  readonly blobs: number;
}

const NOTHING: Swept = { runs: 0, logs: 0, artifacts: 0, bytes: 0 };

/**
 * Removes what is older, or more, than each tenant may keep; then the bytes of artifacts that no run refers to since an hour.
 * Artifacts go before logs, logs before whole runs, and what ended first goes first. What a run called goes with it, in its turn and
 * right behind it; what ended later than its caller, in its own. Open runs are never removed, nor what they called. Of all
 * daemons of a state, one sweeps, once in an hour. What was removed is in the audit log, in sums.
 */
export async function sweepRetention(deps: SweepDeps, policyOf: (tenant: string) => RetentionPolicy): Promise<Sweep> {
  const hold = await holdSweep(deps);
  if (hold === undefined) return { skipped: true, removed: NOTHING, blobs: 0 };
  let removed = NOTHING;
  try {
    for (const tenant of await deps.retention.tenants()) {
      const swept = await sweepTenant({ deps, hold, tenant }, policyOf(tenant));
      if (swept.runs + swept.logs + swept.artifacts > 0) {
        await recordAudit(deps, { actor: 'retention', tenant, action: 'retention.sweep', target: tenant, outcome: 'done', details: { ...swept } });
      }
      removed = sum(removed, swept);
    }
    const blobs = await sweepBlobs(deps, hold);
    await hold.done();
    return { skipped: false, removed, blobs };
  } catch (error) {
    await hold.giveUp();
    throw error;
  }
}

interface TenantSweep {
  readonly deps: SweepDeps;
  readonly hold: SweepHold;
  readonly tenant: string;
}

/** What a part of a run is called in the policy, in queries, and how much of it there is. */
const PARTS = [
  { name: 'artifacts', parts: 'artifacts', having: { with: 'artifacts' }, bytesOf: (bytes: KeptBytes) => bytes.artifacts },
  { name: 'logs', parts: 'log', having: { with: 'log' }, bytesOf: (bytes: KeptBytes) => bytes.log },
  { name: 'runs', parts: 'run', having: {}, bytesOf: (bytes: KeptBytes) => bytes.journal + bytes.log + bytes.artifacts },
] as const satisfies readonly { name: keyof RetentionPolicy; parts: RemovedParts; having: Pick<EndedRunQuery, 'with'>; bytesOf: (bytes: KeptBytes) => number }[];

async function sweepTenant(sweep: TenantSweep, policy: RetentionPolicy): Promise<Swept> {
  let swept = NOTHING;
  for (const part of PARTS) {
    const kept: KeptFor = policy[part.name];
    const old = kept.ageMs === undefined ? NONE : await removeRuns(sweep, part, { before: sweep.deps.clock.now() - kept.ageMs });
    const surplus = kept.bytes === undefined ? NONE : await removeRuns(sweep, part, { down: kept.bytes });
    swept = sum(swept, { ...NOTHING, [part.name]: old.count + surplus.count, bytes: old.bytes + surplus.bytes });
  }
  return swept;
}

const NONE = { count: 0, bytes: 0 };

/** Those that ended before an instant, or as many as bring what is left down to a number of bytes. */
async function removeRuns({ deps, hold, tenant }: TenantSweep, { parts, having, bytesOf }: (typeof PARTS)[number], until: { before: number } | { down: number }): Promise<typeof NONE> {
  const { retention } = deps;
  const trees = new RunTrees(deps, 'before' in until ? until.before : Number.POSITIVE_INFINITY);
  const removed = { ...NONE };
  let left = 'down' in until ? bytesOf(await retention.usage(tenant)) : Number.POSITIVE_INFINITY;
  const enough = (): boolean => 'down' in until && left <= until.down;
  const pause = async (): Promise<void> => {
    await hold.renew();
    await turn();
  };
  const remove = async ({ summary, bytes }: KeptRun): Promise<boolean> => {
    if (!(await retention.remove(summary.id as RunId, parts))) return false;
    removed.count += 1;
    removed.bytes += bytesOf(bytes);
    left -= bytesOf(bytes);
    return true;
  };
  for (let after: EndedRunQuery['after']; !enough(); ) {
    const page: readonly KeptRun[] = await retention.endedRuns({ tenant, ...having, ...('before' in until ? { before: until.before } : {}), ...(after === undefined ? {} : { after }), limit: PAGE });
    for (const run of page) {
      if (enough()) break;
      const [first, ...others] = parts === 'run' ? await trees.goingWith(run) : [run];
      if (first === undefined || !(await remove(first))) continue;
      for (const [index, other] of others.entries()) {
        if (index % PAGE === PAGE - 1) await pause();
        await remove(other);
      }
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    after = { endedAt: last.endedAt, id: last.summary.id };
    await pause();
  }
  return removed;
}

async function sweepBlobs(deps: SweepDeps, hold: SweepHold): Promise<number> {
  const { retention, blobs, clock, logger } = deps;
  let removed = 0;
  for (;;) {
    const before = clock.now() - BLOB_GRACE_MS;
    const digests = await retention.unusedBlobs({ before, limit: PAGE });
    const gone: string[] = [];
    for (const digest of digests) if (await blobs.remove(digest, before)) gone.push(digest);
    const again = gone.length === 0 ? [] : await retention.forgetBlobs(gone);
    if (again.length > 0) logger.error('artifacts were removed that a run has begun to refer to', { digests: again });
    removed += gone.length;
    if (gone.length === 0 || digests.length < PAGE) return removed;
    await hold.renew();
    await turn();
  }
}

/** Lets everybody else have a turn: a store in this process answers at once. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function sum(a: Swept, b: Swept): Swept {
  return { runs: a.runs + b.runs, logs: a.logs + b.logs, artifacts: a.artifacts + b.artifacts, bytes: a.bytes + b.bytes };
}
