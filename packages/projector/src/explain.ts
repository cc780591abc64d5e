import {
  type ExplainedNode,
  type Explanation,
  isTerminalJob,
  type JobState,
  type LockOwnerView,
  type Missing,
  type PlannedJob,
  type RunState,
  type StepState,
  type StepWait,
  toCombinationKey,
  waitEndsAt,
} from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';

import { toReasonView } from './run-view.js';
import { toInstant } from './to-instant.js';

/** What a run's journal does not know and an explanation needs. */
export interface Surroundings {
  /** The places of the run (`job: null`) and of its jobs in concurrency groups. `ahead` has the holder first, and not all of a long line. */
  readonly claims: readonly { readonly job: string | null; readonly group: string; readonly ahead: readonly LockOwnerView[]; readonly aheadCount: number }[];
  /** Whether a live worker takes tickets of this run. */
  readonly served: boolean;
  readonly tickets: readonly { readonly job: string; readonly held: boolean; readonly notBefore: number }[];
  readonly now: number;
}

/**
 * Why each part of a run is where it is: what waits or is queued, with the thing that is missing for it to go on, and
 * what was skipped, failed, cancelled or tried again. Steps that never had their turn are explained by their job.
 */
export function explainRun(state: RunState, around: Surroundings): Explanation {
  const look: Look = {
    state,
    now: around.now,
    served: around.served,
    locks: new Map(around.claims.filter((claim) => claim.aheadCount > 0).map((claim) => [claim.job, claim])),
    tickets: new Map(around.tickets.map((ticket) => [ticket.job, ticket])),
  };
  return {
    runId: state.id,
    status: state.status,
    ...reasonOf(state),
    ...errorOf(state),
    nodes: state.plan.jobs.flatMap((planned) => explainPlanned(planned, look)),
  };
}

interface Look {
  readonly state: RunState;
  readonly now: number;
  readonly served: boolean;
  readonly locks: ReadonlyMap<string | null, Surroundings['claims'][number]>;
  readonly tickets: ReadonlyMap<string, Surroundings['tickets'][number]>;
}

/** A job, its steps, and the combinations it became, each with its own. */
function explainPlanned(planned: PlannedJob, look: Look): ExplainedNode[] {
  const job = look.state.jobs.get(planned.key);
  if (job === undefined) return [];
  const combinations = combinationsOf(look.state, job);
  const openOnes = combinations.filter((one) => !isTerminalJob(one.status));
  const inTurn = new Set(openOnes.slice(0, planned.strategy?.maxParallel ?? openOnes.length));
  return [
    ...explainJob(job, job.matrix === undefined ? missingOf(job, planned, look) : missingCombinations(openOnes, combinations.length)),
    ...combinations.flatMap((one) => {
      const isHeldBack = !isTerminalJob(one.status) && !inTurn.has(one);
      return explainJob(one, isHeldBack ? missingSlot(planned) : missingOf(one, planned, look));
    }),
  ];
}

function combinationsOf(state: RunState, job: JobState): JobState[] {
  return Array.from({ length: job.matrix?.total ?? 0 }, (_, index) => state.jobs.get(toCombinationKey(job.key, index + 1))).filter((one) => one !== undefined);
}

function explainJob(job: JobState, missing: Missing | undefined): ExplainedNode[] {
  const steps = job.steps.filter((step) => isRemarkable(step) && (step.status !== 'queued' || step.attempt > 1) && (!isTerminalJob(job.status) || isTerminalJob(step.status)));
  return [
    ...(isRemarkable(job) ? [toNode(job.key, undefined, { of: job, missing })] : []),
    ...steps.map((step) => toNode(job.key, step.id, { of: step, missing })),
  ];
}

/** What is done or running at its first try needs no explanation. */
function isRemarkable(node: Pick<JobState | StepState, 'status' | 'attempt'>): boolean {
  return node.attempt > 1 || (node.status !== 'success' && node.status !== 'running');
}

function toNode(job: string, step: string | undefined, { of, missing }: { of: JobState | StepState; missing: Missing | undefined }): ExplainedNode {
  const goesOn = isTerminalJob(of.status) || of.status === 'running';
  return {
    job,
    ...(step === undefined ? {} : { step }),
    status: of.status,
    attempt: of.attempt,
    ...reasonOf(of),
    ...errorOf(of),
    ...(goesOn || missing === undefined ? {} : { missing }),
  };
}

/** What has to come before an open job goes on, the nearest obstacle first; `undefined` when it is over or being worked on. */
function missingOf(job: JobState, planned: PlannedJob, look: Look): Missing | undefined {
  if (isTerminalJob(job.status) || job.status === 'running') return undefined;
  return missingAnswer(job, look) ?? missingNeeds(job, planned, look.state) ?? missingLock(job, look) ?? missingTime(job, look) ?? missingWorker(job, look);
}

/** A wait that is answered, over, or of no use because the job is being stopped, only needs a worker. */
function missingAnswer(job: JobState, { now }: Look): Missing | undefined {
  const step = job.steps.find((one) => one.wait !== undefined && (one.status === 'waiting' || one.status === 'waiting_approval'));
  if (step?.wait === undefined || step.answer !== undefined || step.unwanted === true) return undefined;
  return (waitEndsAt(step.wait) ?? Number.POSITIVE_INFINITY) <= now ? undefined : toMissing(step.wait);
}

function toMissing(wait: StepWait): Missing {
  if (wait.kind === 'timer') return missingInstant(wait.dueAt);
  const expiresAt = wait.expiresAt === undefined ? null : toInstant(wait.expiresAt);
  switch (wait.kind) {
    case 'approval': {
      const who = wait.approvers === undefined ? 'somebody' : wait.approvers.join(' or ');
      return { kind: 'approval', message: `${who} has to approve or reject "${wait.title}"`, approvers: wait.approvers ?? null, expiresAt };
    }
    case 'signal':
      return { kind: 'signal', message: `the signal "${wait.name}" has to come`, name: wait.name, expiresAt };
    case 'callback':
      return { kind: 'signal', message: 'somebody has to call it back', name: null, expiresAt };
    case 'child':
      return { kind: 'child', message: `the run ${wait.runId}, which it called, has not ended`, runId: wait.runId };
    default:
      return assertNever(wait);
  }
}

const NAMED_JOBS = 10;

function missingNeeds(job: JobState, planned: PlannedJob, state: RunState): Missing | undefined {
  if (job.combination !== undefined || job.startedAt !== undefined) return undefined;
  const open = planned.needs.filter((need) => !isTerminalJob(state.jobs.get(need)?.status ?? 'queued'));
  if (open.length === 0) return undefined;
  const named = open.slice(0, NAMED_JOBS).map((need) => `${need} (${state.jobs.get(need)?.status ?? 'queued'})`);
  const more = open.length > NAMED_JOBS ? ` and ${open.length - NAMED_JOBS} more` : '';
  return { kind: 'jobs', message: `it needs ${named.join(', ')}${more} to end`, jobs: open };
}

function missingCombinations(open: readonly JobState[], total: number): Missing | undefined {
  if (open.length === 0) return undefined;
  return { kind: 'jobs', message: `${open.length} of its ${total} combinations have not ended`, jobs: open.map((one) => one.key) };
}

function missingSlot(planned: PlannedJob): Missing {
  return { kind: 'slot', message: `"max-parallel" lets ${String(planned.strategy?.maxParallel)} combinations run at once` };
}

/** A run that waits in line keeps all its jobs waiting. */
function missingLock(job: JobState, { state, locks }: Look): Missing | undefined {
  const claim = locks.get(null) ?? locks.get(job.key);
  const holder = claim?.ahead[0];
  if (claim === undefined || holder === undefined) return undefined;
  const run = holder.runId === state.id ? 'this run' : `the run ${holder.runId}`;
  const who = holder.job === null ? run : `the job ${holder.job} of ${run}`;
  const others = claim.aheadCount > 1 ? `, and ${claim.aheadCount - 1} more ${claim.aheadCount === 2 ? 'is' : 'are'} in line before it` : '';
  return {
    kind: 'lock',
    message: `the group "${claim.group}" is held by ${who}${others}`,
    group: claim.group,
    heldBy: { runId: holder.runId, job: holder.job },
    ahead: claim.aheadCount,
  };
}

/** The ticket knows best when it is due: what the job waited for can have come early. */
function missingTime(job: JobState, { now, tickets }: Look): Missing | undefined {
  const ticket = tickets.get(job.key);
  const dueAt = ticket === undefined && job.status === 'waiting' ? job.dueAt : ticket?.notBefore;
  return dueAt === undefined || dueAt <= now || ticket?.held === true ? undefined : missingInstant(dueAt);
}

function missingInstant(dueAt: number): Missing {
  return { kind: 'time', message: `it goes on at ${toInstant(dueAt)}`, dueAt: toInstant(dueAt) };
}

function missingWorker(job: JobState, { served, tickets }: Look): Missing | undefined {
  const ticket = tickets.get(job.key);
  if (ticket?.held === true) return undefined;
  const idle = ticket === undefined ? 'it is not in the queue yet' : 'all workers are busy';
  return { kind: 'worker', message: served ? idle : 'no worker serves this run' };
}

/** A result that was kept says so where nothing else is to be said. */
function reasonOf(node: Pick<JobState, 'reason' | 'kept'>): Pick<ExplainedNode, 'reason'> {
  const reason = node.reason ?? (node.kept === undefined ? undefined : { rule: 'kept' as const, message: node.kept.why });
  return reason === undefined ? {} : { reason: toReasonView(reason) };
}

function errorOf(node: Pick<JobState, 'error'>): Pick<ExplainedNode, 'error'> {
  return node.error === undefined ? {} : { error: node.error };
}
