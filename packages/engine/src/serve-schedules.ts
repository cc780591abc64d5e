import { isTerminalRun, type RunId } from '@kb-labs/contracts';
import { fromUnknown } from '@kb-labs/errors';
import type { Clock } from '@kb-labs/ports';
import { decideFire, type FireDecision, scheduleTrigger } from '@kb-labs/triggers';

import type { EngineDeps } from './deps.js';
import { findSchedules, type FoundSchedule, tenantOf } from './find-schedules.js';
import { isPassing } from './passing.js';
import { changeSchedule, type KeptSchedule, keptSchedules, OPEN_RUNS, readSchedule, SCHEDULE_KIND, type StoredSchedule, writeSchedule } from './schedule-record.js';
import { startOnce } from './start-once.js';

export interface ScheduleRound {
  /** When the next time comes, in ms since the epoch. */
  readonly next: number | undefined;
  /** Runs whose end lets something start that waits for it. */
  readonly awaited: readonly RunId[];
}

type ServeDeps = EngineDeps & { readonly wall: Clock };

/** How often it is noted that a schedule is still written somewhere, and how long one that is not is kept. */
const SEEN_MS = 5 * 60_000;
const GONE_MS = 15 * 60_000;
const RETRY_MS = 5_000;

/**
 * Starts what has come due of all schedules: one run for each time, however many processes do this at once. What is to be
 * started is kept before it is, and done by whoever comes next if this process dies. A schedule that cannot be served now
 * is told and asked again soon; the others go on. Times come by the clock on the wall, `wall`, which need not be the one
 * that the state goes by.
 */
export async function serveSchedules(engine: EngineDeps, wall: Clock = engine.clock): Promise<ScheduleRound> {
  const deps: ServeDeps = { ...engine, wall };
  const schedules = await findSchedules(deps);
  const kept = await listKept(deps);
  const awaited: RunId[] = [];
  let next = Number.POSITIVE_INFINITY;
  for (const schedule of schedules) {
    try {
      const served = await serve(deps, schedule, kept.get(schedule.key));
      next = Math.min(next, served.next ?? next);
      awaited.push(...served.awaited);
    } catch (thrown) {
      next = Math.min(next, deps.wall.now() + RETRY_MS);
      deps.logger.error('a schedule cannot be served now', { schedule: schedule.id, problem: fromUnknown(thrown).message });
    }
  }
  for (const { key } of schedules) kept.delete(key);
  await forgetGone(deps, kept.values());
  return { next: Number.isFinite(next) ? next : undefined, awaited };
}

async function listKept(deps: ServeDeps): Promise<Map<string, KeptSchedule>> {
  const kept = new Map<string, KeptSchedule>();
  try {
    for await (const one of keptSchedules(deps, tenantOf(deps))) kept.set(one.key, one);
  } catch (thrown) {
    if (isPassing(thrown)) throw thrown;
    // One that is damaged keeps no other from being served: each that is missing here is read by itself.
    deps.logger.error('what is kept of schedules cannot be listed', { problem: fromUnknown(thrown).message });
  }
  return kept;
}

/** `found` is what was kept when the round began. What is decided on it is written only if nobody has changed it since, and what cannot be written is decided anew. */
async function serve(deps: ServeDeps, schedule: FoundSchedule, found: KeptSchedule | undefined): Promise<ScheduleRound> {
  for (let kept = found; ; kept = await readSchedule(deps, schedule.key)) {
    if (kept !== undefined && kept.value.pending.length > 0) {
      for (const instant of kept.value.pending) await start(deps, schedule, instant);
      continue;
    }
    if (kept !== undefined && kept.value.paused !== null) {
      if (await noteSeen(deps, schedule, kept)) return { next: undefined, awaited: [] };
      continue;
    }
    const now = deps.wall.now();
    const open = await openOf(deps, kept?.value.open ?? []);
    const decision = decideFire(schedule.entry, { last: kept?.value.last, now, running: open.length > 0, queued: kept?.value.queued ?? [] });
    const value = decided(schedule, { before: kept?.value, decision, open, now });
    if (kept !== undefined && !isNews(kept.value, value)) return { next: decision.next, awaited: decision.queued.length > 0 ? open : [] };
    if ((await writeSchedule(deps, schedule.key, { before: kept, value })) && (decision.missed !== undefined || decision.leftOut.length > 0)) {
      deps.logger.warn('times of a schedule are left out', { schedule: schedule.id, ...value.lastSkip });
    }
  }
}

/** Done twice, it changes nothing: the run has its id from the first time, and the time is no longer pending. */
async function start(deps: ServeDeps, { id, key, workflowId, entry }: FoundSchedule, instant: number): Promise<void> {
  const settle = (change: (value: StoredSchedule) => StoredSchedule): Promise<unknown> =>
    changeSchedule(deps, key, (value) => (value.pending.includes(instant) ? { ...change(value), pending: value.pending.filter((one) => one !== instant) } : value));
  try {
    const { runId } = await startOnce(deps, { key: `schedule:${id}:${String(instant)}`, workflowId, trigger: scheduleTrigger(entry, instant), tenant: tenantOf(deps) });
    const startedAt = deps.wall.now();
    await settle((value) => ({ ...value, open: [...value.open, runId].slice(-OPEN_RUNS), lastRun: { runId, instant, startedAt }, problem: null }));
  } catch (thrown) {
    const { code, message } = fromUnknown(thrown);
    if (isPassing(thrown) || code === 'QUEUE_FULL') throw thrown;
    deps.logger.error('a schedule could not start its workflow', { schedule: id, at: new Date(instant).toISOString(), code, problem: message });
    await settle((value) => ({ ...value, problem: { code, message, instant } }));
  }
}

async function openOf({ catalog }: Pick<EngineDeps, 'catalog'>, runIds: readonly RunId[]): Promise<RunId[]> {
  const runs = await Promise.all(runIds.map(async (runId) => ({ runId, run: await catalog.getRun(runId) })));
  return runs.flatMap(({ runId, run }) => (run === undefined || isTerminalRun(run.status) ? [] : [runId]));
}

interface Deciding {
  readonly before: StoredSchedule | undefined;
  readonly decision: FireDecision;
  readonly open: readonly RunId[];
  readonly now: number;
}

function decided({ workflowId, file, entry }: FoundSchedule, { before, decision, open, now }: Deciding): StoredSchedule {
  const { fire, queued, last, missed, leftOut } = decision;
  const skipped = leftOut.at(-1);
  const first = leftOut.find(({ why }) => why === skipped?.why);
  const skip = skipped === undefined || first === undefined ? missed && { ...missed, why: 'missed' as const } : { first: first.instant, last: skipped.instant, why: skipped.why };
  return {
    workflowId,
    file,
    ...entry,
    seenAt: before !== undefined && Math.abs(now - before.seenAt) < SEEN_MS ? before.seenAt : now,
    last,
    queued,
    pending: fire,
    open,
    paused: before?.paused ?? null,
    lastRun: before?.lastRun ?? null,
    lastSkip: skip ?? before?.lastSkip ?? null,
    problem: before?.problem ?? null,
  };
}

/** That a run has ended can be seen again; everything else has to be kept. */
function isNews(before: StoredSchedule, after: StoredSchedule): boolean {
  return tellingOf(before) !== tellingOf(after);
}

function tellingOf({ workflowId, file, cron, timezone, catchup, overlap, seenAt, last, queued, pending, lastSkip: skip }: StoredSchedule): string {
  return JSON.stringify([workflowId, file, cron, timezone, catchup, overlap, seenAt, last, queued, pending, skip === null ? null : [skip.first, skip.last, skip.why]]);
}

async function noteSeen(deps: ServeDeps, { key, workflowId, file, entry }: FoundSchedule, kept: KeptSchedule): Promise<boolean> {
  const now = deps.wall.now();
  const value = { ...kept.value, workflowId, file, ...entry, seenAt: Math.abs(now - kept.value.seenAt) < SEEN_MS ? kept.value.seenAt : now };
  return !isNews(kept.value, value) || writeSchedule(deps, key, { before: kept, value });
}

/** One that comes back later starts anew: what passed meanwhile was not its time. A pause stays. */
async function forgetGone(deps: ServeDeps, unwritten: Iterable<KeptSchedule>): Promise<void> {
  for (const { key, version, value } of unwritten) {
    if (value.paused !== null || deps.wall.now() - value.seenAt < GONE_MS) continue;
    await deps.records.write([SCHEDULE_KIND.remove(key, version)]);
  }
}
