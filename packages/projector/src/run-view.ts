import {
  formatUses,
  isTerminalJob,
  toCombinationKey,
  type ArtifactHandle,
  type ArtifactView,
  type JobState,
  type JobView,
  type Kept,
  type PlannedJob,
  type Reason,
  type ReasonView,
  type RunState,
  type RunSummary,
  type RunSummaryView,
  type RunView,
  type StepState,
  type StepView,
} from '@kb-labs/contracts';

import { combinationText } from './combination-text.js';
import { phasesOf } from './phase-view.js';
import { toInstant } from './to-instant.js';
import { waitOf } from './wait-view.js';

/** The state as views show it: instants in ISO 8601, steps and jobs in the order of the plan. */
export function toRunView(state: RunState): RunView {
  return {
    id: state.id,
    workflowId: state.plan.workflow.id,
    workflowVersion: state.plan.workflow.version,
    status: state.status,
    ...reasonOf(state),
    trigger: state.trigger,
    input: state.plan.inputs,
    outputs: state.outputs,
    ...errorOf(state),
    createdAt: toInstant(state.createdAt),
    startedAt: toInstantOrNull(state.startedAt),
    finishedAt: toInstantOrNull(state.finishedAt),
    durationMs: durationOf(state),
    ...originOf(state),
    ...phasesOf(state),
    jobs: state.plan.jobs.flatMap((planned) => jobsOf(state, planned).map((job) => toJobView(state, planned, job))),
    artifacts: artifactsOf(state),
  };
}

/** The row kept beside the journal. */
export function toRunSummary(state: RunState): RunSummary {
  return {
    id: state.id,
    workflowId: state.plan.workflow.id,
    workflowVersion: state.plan.workflow.version,
    status: state.status,
    root: state.root,
    tenant: state.tenant,
    ...(state.trigger.parent === undefined ? {} : { parent: state.trigger.parent.runId }),
    trigger: { type: state.trigger.type, actor: state.trigger.actor, branch: state.trigger.branch },
    createdAt: state.createdAt,
    startedAt: state.startedAt ?? null,
    finishedAt: state.finishedAt ?? null,
  };
}

export function toRunSummaryView(summary: RunSummary, reason?: Reason): RunSummaryView {
  const { root: _root, tenant: _tenant, logRemovedAt, artifactsRemovedAt, ...shown } = summary;
  return {
    ...shown,
    ...(reason === undefined ? {} : { reason: toReasonView(reason) }),
    createdAt: toInstant(summary.createdAt),
    startedAt: toInstantOrNull(summary.startedAt),
    finishedAt: toInstantOrNull(summary.finishedAt),
    durationMs: durationOf(summary),
    ...(logRemovedAt === undefined ? {} : { logRemovedAt: toInstant(logRemovedAt) }),
    ...(artifactsRemovedAt === undefined ? {} : { artifactsRemovedAt: toInstant(artifactsRemovedAt) }),
  };
}

export function toReasonView(reason: Reason): ReasonView {
  const { dueAt, ...rest } = reason;
  return { ...rest, ...(dueAt === undefined ? {} : { dueAt: toInstant(dueAt) }) };
}

function originOf({ trigger: { parent }, rerun }: RunState): Pick<RunView, 'parent' | 'rerunOf'> {
  return {
    ...(parent === undefined ? {} : { parent: { id: parent.runId, workflowId: parent.workflowId, job: parent.job ?? null, step: parent.step ?? null } }),
    ...(rerun === undefined ? {} : { rerunOf: rerun.of }),
  };
}

/** The job, and after it the combinations it became. */
function jobsOf(state: RunState, planned: PlannedJob): JobState[] {
  const job = jobOf(state, planned.key);
  const combinations = Array.from({ length: job.matrix?.total ?? 0 }, (_, index) => jobOf(state, toCombinationKey(planned.key, index + 1)));
  return [job, ...combinations];
}

function toJobView(state: RunState, planned: PlannedJob, job: JobState): JobView {
  const { combination } = job;
  const steps = job.matrix === undefined ? planned.steps : [];
  return {
    id: `${state.id}.${job.key}`,
    key: job.key,
    name: combination === undefined ? planned.name : `${planned.name} (${combinationText(combination.matrix)})`,
    needs: planned.needs,
    ...(combination === undefined ? {} : { matrix: combination.matrix, combinationOf: combination.of }),
    status: job.status,
    ...reasonOf(job),
    attempt: job.attempt,
    outputs: job.outputs,
    ...errorOf(job),
    ...keptOf(job),
    startedAt: toInstantOrNull(job.startedAt),
    finishedAt: toInstantOrNull(job.finishedAt),
    steps: steps.map((step, index) => toStepView(step, endedWith(job, job.steps[index]))),
  };
}

/** A step that its job ended without is over as well, and for the same reason. */
function endedWith(job: JobState, step: StepState | undefined): StepState | undefined {
  if (step === undefined || !isTerminalJob(job.status) || isTerminalJob(step.status)) return step;
  const status = job.status === 'cancelled' ? 'cancelled' : 'skipped';
  return { ...step, status, ...(step.reason === undefined && job.reason !== undefined ? { reason: job.reason } : {}) };
}

function toStepView(planned: PlannedJob['steps'][number], step: StepState | undefined): StepView {
  return {
    id: planned.id,
    name: planned.name,
    uses: formatUses(planned.uses),
    status: step?.status ?? 'queued',
    ...reasonOf(step ?? {}),
    attempt: step?.attempt ?? 1,
    outputs: step?.outputs ?? {},
    ...errorOf(step ?? {}),
    isolation: step?.isolation ?? null,
    ...(step?.image === undefined ? {} : { image: step.image }),
    ...(planned.phase === undefined ? {} : { phase: planned.phase }),
    ...(planned.hook === undefined ? {} : { hook: planned.hook }),
    ...(step === undefined || step.iteration === 1 ? {} : { iteration: step.iteration }),
    ...(step?.child === undefined ? {} : { childRunId: step.child }),
    ...keptOf(step ?? {}),
    ...waitOf(step),
    startedAt: toInstantOrNull(step?.startedAt),
    finishedAt: toInstantOrNull(step?.finishedAt),
  };
}

function artifactsOf(state: RunState): ArtifactView[] {
  return state.plan.jobs.flatMap((planned) =>
    jobsOf(state, planned).flatMap((job) => [
      ...job.steps.flatMap((step) => step.artifacts.map((artifact) => toArtifactView(artifact, job.key, step.id))),
      ...job.artifacts.map((artifact) => toArtifactView(artifact, job.key, null)),
    ]),
  );
}

function toArtifactView(artifact: ArtifactHandle, job: string, step: string | null): ArtifactView {
  const { name, type, label, digest, bytes } = artifact;
  return { name, type, label: label ?? null, digest, bytes, job, step };
}

function jobOf(state: RunState, key: string): JobState {
  const job = state.jobs.get(key);
  if (job === undefined) throw new Error(`the state of ${state.id} lacks the job ${key}`);
  return job;
}

function reasonOf(node: { readonly reason?: Reason }): { reason?: ReasonView } {
  return node.reason === undefined ? {} : { reason: toReasonView(node.reason) };
}

function keptOf({ kept }: { readonly kept?: Kept }): { keptFrom?: string } {
  return kept === undefined ? {} : { keptFrom: kept.run };
}

function errorOf<E>(node: { readonly error?: E }): { error?: E } {
  return node.error === undefined ? {} : { error: node.error };
}

function durationOf(run: { readonly startedAt?: number | null; readonly finishedAt?: number | null }): number | null {
  if (run.startedAt === undefined || run.startedAt === null) return null;
  if (run.finishedAt === undefined || run.finishedAt === null) return null;
  return run.finishedAt - run.startedAt;
}

function toInstantOrNull(at: number | null | undefined): string | null {
  return at === undefined || at === null ? null : toInstant(at);
}
