import {
  formatUses,
  isTerminalJob,
  type ArtifactView,
  type JobState,
  type JobView,
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
    jobs: state.plan.jobs.map((planned) => toJobView(state, planned)),
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
    trigger: { type: state.trigger.type, actor: state.trigger.actor, branch: state.trigger.branch },
    createdAt: state.createdAt,
    startedAt: state.startedAt ?? null,
    finishedAt: state.finishedAt ?? null,
  };
}

export function toRunSummaryView(summary: RunSummary, reason?: Reason): RunSummaryView {
  return {
    ...summary,
    ...(reason === undefined ? {} : { reason: toReasonView(reason) }),
    createdAt: toInstant(summary.createdAt),
    startedAt: toInstantOrNull(summary.startedAt),
    finishedAt: toInstantOrNull(summary.finishedAt),
    durationMs: durationOf(summary),
  };
}

export function toReasonView(reason: Reason): ReasonView {
  const { dueAt, ...rest } = reason;
  return { ...rest, ...(dueAt === undefined ? {} : { dueAt: toInstant(dueAt) }) };
}

function toJobView(state: RunState, planned: PlannedJob): JobView {
  const job = jobOf(state, planned);
  return {
    id: `${state.id}.${job.key}`,
    key: job.key,
    name: planned.name,
    needs: planned.needs,
    status: job.status,
    ...reasonOf(job),
    attempt: job.attempt,
    outputs: job.outputs,
    ...errorOf(job),
    startedAt: toInstantOrNull(job.startedAt),
    finishedAt: toInstantOrNull(job.finishedAt),
    steps: planned.steps.map((step, index) => toStepView(step, endedWith(job, job.steps[index]))),
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
    startedAt: toInstantOrNull(step?.startedAt),
    finishedAt: toInstantOrNull(step?.finishedAt),
  };
}

function artifactsOf(state: RunState): ArtifactView[] {
  return state.plan.jobs.flatMap((planned) =>
    jobOf(state, planned).steps.flatMap((step) =>
      step.artifacts.map((artifact) => ({
        name: artifact.name,
        type: artifact.type,
        label: artifact.label ?? null,
        digest: artifact.digest,
        bytes: artifact.bytes,
        job: planned.key,
        step: step.id,
      })),
    ),
  );
}

function jobOf(state: RunState, planned: PlannedJob): JobState {
  const job = state.jobs.get(planned.key);
  if (job === undefined) throw new Error(`the state of ${state.id} lacks the planned job ${planned.key}`);
  return job;
}

function reasonOf(node: { readonly reason?: Reason }): { reason?: ReasonView } {
  return node.reason === undefined ? {} : { reason: toReasonView(node.reason) };
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

function toInstant(at: number): string {
  return new Date(at).toISOString();
}
