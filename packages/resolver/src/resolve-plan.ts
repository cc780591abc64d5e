import {
  type Concurrency,
  type Job,
  type JsonObject,
  type JsonValue,
  LIMITS,
  PLAN_SCHEMA,
  type PlannedConcurrency,
  type PlannedJob,
  type PlannedJobArtifacts,
  type PlannedStrategy,
  type RunPlan,
  type Workflow,
} from '@kb-labs/contracts';

import { needsOf } from './check-graph.js';
import { orderJobs } from './order-jobs.js';
import { planStep, writtenSteps } from './plan-steps.js';
import { listed, present, toCondition, toMs, toRetryPolicy, toTemplates } from './written-values.js';

/** What the arrow from a workflow to a plan needs besides the workflow. `digest` is of the document as written. */
interface PlanSource {
  readonly workflow: Workflow;
  readonly digest: string;
  readonly inputs: JsonObject;
  readonly vars: JsonObject;
  /** The digests of the workflows it calls, by id, as they were checked with this one. */
  readonly calls?: ReadonlyMap<string, string>;
}

/** The only place where defaults are filled in. The workflow is checked: graph, references and scripts hold. */
export function resolvePlan(source: PlanSource): RunPlan {
  const { workflow } = source;
  return {
    schema: PLAN_SCHEMA,
    workflow: {
      id: workflow.id,
      name: workflow.name ?? workflow.id,
      version: workflow.version ?? null,
      digest: source.digest,
    },
    inputs: source.inputs,
    vars: source.vars,
    env: toTemplates(workflow.env),
    outputs: workflow.outputs ?? {},
    ...present({ secrets: listed(workflow.secrets), timeoutMs: toMs(workflow.timeout), concurrency: planConcurrency(workflow.concurrency), phases: planPhases(workflow.phases) }),
    jobs: orderJobs(workflow).flatMap((key) => {
      const job = workflow.jobs[key];
      return job === undefined ? [] : [planJob(source, key, job)];
    }),
  };
}

function planJob({ workflow, calls }: PlanSource, key: string, job: Job): PlannedJob {
  const permissions = { ...workflow.permissions, ...job.permissions };
  const secrets = job.secrets ?? workflow.secrets;
  return {
    key,
    name: job.name ?? key,
    needs: needsOf(workflow, key),
    if: toCondition(job.if),
    env: toTemplates(job.env),
    timeoutMs: toMs(job.timeout ?? workflow.defaults?.timeout) ?? LIMITS.timeoutDefaultMs,
    retry: toRetryPolicy(job.retry),
    continueOnError: job['continue-on-error'] ?? false,
    outputs: job.outputs ?? {},
    ...present({
      secrets: listed(secrets),
      strategy: planStrategy(job.strategy),
      concurrency: planConcurrency(job.concurrency),
      priority: job.priority === 'normal' ? undefined : job.priority,
      artifacts: planArtifacts(job.artifacts),
    }),
    steps: writtenSteps(job).map((written) => planStep(written, { workflow, job, permissions, calls, secrets })),
  };
}

function planStrategy(strategy: Job['strategy']): PlannedStrategy | undefined {
  if (strategy === undefined) return undefined;
  return {
    // A checked document is JSON: what its schema calls optional is there or not, and never `undefined`.
    matrix: strategy.matrix as JsonValue,
    failFast: strategy['fail-fast'] ?? true,
    ...present({ maxParallel: strategy['max-parallel'] }),
  };
}

function planConcurrency(concurrency: Concurrency | undefined): PlannedConcurrency | undefined {
  if (concurrency === undefined) return undefined;
  const written = typeof concurrency === 'string' ? { group: concurrency } : concurrency;
  return { group: written.group, cancelInProgress: written['cancel-in-progress'] ?? false, queue: written.queue ?? 'all' };
}

function planPhases(phases: Workflow['phases']): RunPlan['phases'] {
  return phases === undefined ? undefined : Object.entries(phases).map(([id, phase]) => ({ id, label: phase.label ?? id }));
}

function planArtifacts(artifacts: Job['artifacts']): PlannedJobArtifacts | undefined {
  if (artifacts === undefined) return undefined;
  const { produce = [], consume = [], merge } = artifacts;
  if (merge === undefined) return { produce, consume };
  return { produce, consume, merge: { strategy: merge.strategy, from: merge.from.map(({ run, job }) => present({ run, job })) } };
}
