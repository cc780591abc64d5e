import {
  type Duration,
  type Job,
  type JsonObject,
  LIMITS,
  parseDuration,
  parseUses,
  PLAN_SCHEMA,
  type Permissions,
  type PlannedJob,
  type PlannedStep,
  type Retry,
  type RetryPolicy,
  type RunPlan,
  type Shell,
  type Step,
  type Workflow,
} from '@kb-labs/contracts';

import { needsOf } from './check-graph.js';
import { orderJobs } from './order-jobs.js';
import { rewriteScript } from './script/rewrite-script.js';

/** What the arrow from a workflow to a plan needs besides the workflow. `digest` is of the document as written. */
interface PlanSource {
  readonly workflow: Workflow;
  readonly digest: string;
  readonly inputs: JsonObject;
  readonly vars: JsonObject;
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
    jobs: orderJobs(workflow).flatMap((key) => {
      const job = workflow.jobs[key];
      return job === undefined ? [] : [planJob(workflow, key, job)];
    }),
  };
}

function planJob(workflow: Workflow, key: string, job: Job): PlannedJob {
  const permissions = { ...workflow.permissions, ...job.permissions };
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
    steps: job.steps.map((step, index) => planStep({ workflow, step, index, permissions })),
  };
}

function planStep(at: { workflow: Workflow; step: Step; index: number; permissions: Permissions }): PlannedStep {
  const { step } = at;
  const id = step.id ?? `step-${at.index + 1}`;
  const action = planAction(at.workflow, step);
  return {
    id,
    name: step.name ?? step.id ?? action.name,
    uses: action.uses,
    with: action.with,
    if: toCondition(step.if),
    env: { ...toTemplates(step.env), ...action.env },
    timeoutMs: toMs(step.timeout) ?? null,
    retry: toRetryPolicy(step.retry ?? at.workflow.defaults?.retry),
    continueOnError: step['continue-on-error'] ?? false,
    onInterrupt: step['on-interrupt'] ?? 'retry',
    outputs: step.outputs ?? {},
    artifacts: step.artifacts ?? {},
    permissions: at.permissions,
  };
}

type PlannedAction = Pick<PlannedStep, 'uses' | 'with' | 'env' | 'name'>;

/** A script becomes a call of the built-in handler, so that the engine knows one kind of step. */
function planAction(workflow: Workflow, step: Step): PlannedAction {
  if (step.run === undefined) {
    const uses = parseUses(step.uses ?? '');
    if (uses === undefined) throw new Error(`an unchecked document: uses ${String(step.uses)}`);
    return { uses, with: step.with ?? {}, env: {}, name: uses.command };
  }
  const shell: Shell = step.shell ?? workflow.defaults?.run?.shell ?? 'bash';
  const folder = step['working-directory'] ?? workflow.defaults?.run?.['working-directory'];
  const rewrite = rewriteScript(step.run, shell);
  if (!rewrite.ok) throw new Error(`an unchecked document: ${rewrite.problems[0]?.message ?? 'script'}`);
  return {
    uses: { kind: 'builtin', name: 'run' },
    with: { script: rewrite.script, shell, ...(folder === undefined ? {} : { workingDirectory: folder }) },
    env: Object.fromEntries(Object.entries(rewrite.bindings).map(([name, source]) => [name, `\${{ ${source} }}`])),
    name: firstLine(step.run),
  };
}

function toCondition(written: string | boolean | undefined): string | null {
  if (written === undefined) return null;
  return typeof written === 'boolean' ? String(written) : written;
}

function toTemplates(env: Readonly<Record<string, string | number | boolean>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(env ?? {}).map(([name, value]) => [name, String(value)]));
}

function toRetryPolicy(retry: Retry | undefined): RetryPolicy {
  return {
    max: retry?.max ?? 0,
    backoff: retry?.backoff ?? 'exponential',
    initialMs: toMs(retry?.initial) ?? 1_000,
    capMs: Math.min(toMs(retry?.cap) ?? 60_000, LIMITS.retryCapMs),
    jitter: retry?.jitter ?? true,
    ...(retry?.on === undefined ? {} : { on: retry.on }),
  };
}

function toMs(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : parseDuration(duration);
}

function firstLine(script: string): string {
  const line = script.split('\n', 1)[0]?.trim() ?? '';
  return line.length > 60 ? `${line.slice(0, 57)}…` : line || 'script';
}
