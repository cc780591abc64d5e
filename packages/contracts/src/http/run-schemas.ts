import * as z from 'zod/mini';

import { artifactTypeSchema } from '../artifact-schema.js';
import { ISOLATION_LEVELS } from '../execution-target.js';
import type { RunId } from '../ids.js';
import { HOOKS } from '../plan.js';
import type { RunError } from '../run-error.js';
import type { ArtifactView, JobView, ReasonView, RunDocumentView, RunSummaryView, RunView, StepView, WaitView } from '../run-view.js';
import { JOB_STATUSES, RUN_STATUSES, type TerminalRunStatus } from '../status.js';
import { type Trigger, TRIGGER_TYPES } from '../trigger.js';
import { instant, json, jsonObject, schemaOf } from './schema-of.js';

export const runStatusSchema = z.enum(RUN_STATUSES);
export const jobStatusSchema = z.enum(JOB_STATUSES);
export const stepStatusSchema = z.enum([...JOB_STATUSES, 'waiting_approval']);

const text = z.string();
const textOrNull = z.nullable(z.string());
const instantOrNull = z.nullable(instant);
const runId = z.string() as unknown as z.ZodMiniType<RunId, RunId>;
const terminalRun: readonly TerminalRunStatus[] = ['success', 'failed', 'cancelled', 'skipped', 'quarantined'];

export const runErrorSchema = schemaOf<RunError>()(
  z.strictObject({ code: text, message: text, hint: z.exactOptional(text), details: z.exactOptional(json) }),
);

export const reasonSchema = schemaOf<ReasonView>()(
  z.strictObject({
    rule: text,
    message: text,
    expression: z.exactOptional(text),
    values: z.exactOptional(z.record(z.string(), json)),
    dueAt: z.exactOptional(instant),
  }),
);

export const triggerTypeSchema = z.enum(TRIGGER_TYPES);

const triggerParent = z.strictObject({
  runId,
  workflowId: text,
  depth: z.int(),
  job: z.exactOptional(text),
  step: z.exactOptional(text),
  waits: z.exactOptional(z.boolean()),
  status: z.exactOptional(z.enum(terminalRun)),
});

export const triggerSchema = schemaOf<Trigger>()(
  z.strictObject({
    type: triggerTypeSchema,
    actor: text,
    payload: json,
    branch: textOrNull,
    tag: textOrNull,
    sha: textOrNull,
    paths: z.exactOptional(z.array(text)),
    event: z.exactOptional(text),
    delivery: z.exactOptional(text),
    schedule: z.exactOptional(z.strictObject({ cron: text, timezone: text, at: instant })),
    parent: z.exactOptional(triggerParent),
    session: z.exactOptional(z.strictObject({ id: text, metadata: jsonObject, spawnedBy: z.exactOptional(text), submittedAt: z.exactOptional(z.int()) })),
  }),
);

export const artifactSchema = schemaOf<ArtifactView>()(
  z.strictObject({ name: text, type: artifactTypeSchema, label: textOrNull, digest: text, bytes: z.int(), job: text, step: textOrNull }),
);

const waitSchema = schemaOf<WaitView>()(
  z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('approval'),
      title: text,
      instructions: textOrNull,
      context: json,
      approvers: z.nullable(z.array(text)),
      preventSelfApproval: z.exactOptional(z.literal(true)),
      form: z.nullable(jsonObject),
      subject: text,
      expiresAt: instantOrNull,
    }),
    z.strictObject({ kind: z.literal('signal'), name: text, expiresAt: instantOrNull }),
    z.strictObject({ kind: z.literal('callback'), expiresAt: instantOrNull }),
    z.strictObject({ kind: z.literal('child'), runId: text, expiresAt: instantOrNull }),
    z.strictObject({ kind: z.literal('timer'), dueAt: instant }),
  ]),
);

const stepSchema = schemaOf<StepView>()(
  z.strictObject({
    id: text,
    name: text,
    uses: text,
    status: stepStatusSchema,
    reason: z.exactOptional(reasonSchema),
    attempt: z.int(),
    outputs: jsonObject,
    error: z.exactOptional(runErrorSchema),
    isolation: z.nullable(z.enum(ISOLATION_LEVELS)),
    image: z.exactOptional(z.object({ reference: z.string(), digest: z.string() })),
    phase: z.exactOptional(text),
    hook: z.exactOptional(z.enum(HOOKS)),
    iteration: z.exactOptional(z.int()),
    childRunId: z.exactOptional(text),
    keptFrom: z.exactOptional(text),
    waitsFor: z.exactOptional(waitSchema),
    startedAt: instantOrNull,
    finishedAt: instantOrNull,
  }),
);

export const jobSchema = schemaOf<JobView>()(
  z.strictObject({
    id: text,
    key: text,
    name: text,
    needs: z.array(text),
    matrix: z.exactOptional(jsonObject),
    combinationOf: z.exactOptional(text),
    status: jobStatusSchema,
    reason: z.exactOptional(reasonSchema),
    attempt: z.int(),
    outputs: jsonObject,
    error: z.exactOptional(runErrorSchema),
    keptFrom: z.exactOptional(text),
    startedAt: instantOrNull,
    finishedAt: instantOrNull,
    steps: z.array(stepSchema),
  }),
);

export const runSchema = schemaOf<RunView>()(
  z.strictObject({
    id: text,
    workflowId: text,
    workflowVersion: textOrNull,
    status: runStatusSchema,
    reason: z.exactOptional(reasonSchema),
    trigger: triggerSchema,
    input: jsonObject,
    outputs: jsonObject,
    error: z.exactOptional(runErrorSchema),
    createdAt: instant,
    startedAt: instantOrNull,
    finishedAt: instantOrNull,
    durationMs: z.nullable(z.number()),
    parent: z.exactOptional(z.strictObject({ id: text, workflowId: text, job: textOrNull, step: textOrNull })),
    rerunOf: z.exactOptional(text),
    phases: z.exactOptional(z.array(z.strictObject({ id: text, label: text, status: stepStatusSchema }))),
    jobs: z.array(jobSchema),
    artifacts: z.array(artifactSchema),
  }),
);

export const runDocumentSchema = schemaOf<RunDocumentView>()(z.strictObject({ file: text, digest: text, format: z.enum(['yaml', 'json']), text }));

export const runSummarySchema = schemaOf<RunSummaryView>()(
  z.strictObject({
    id: text,
    workflowId: text,
    workflowVersion: textOrNull,
    status: runStatusSchema,
    reason: z.exactOptional(reasonSchema),
    trigger: z.strictObject({ type: triggerTypeSchema, actor: text, branch: textOrNull }),
    parent: z.exactOptional(text),
    logRemovedAt: z.exactOptional(instant),
    artifactsRemovedAt: z.exactOptional(instant),
    createdAt: instant,
    startedAt: instantOrNull,
    finishedAt: instantOrNull,
    durationMs: z.nullable(z.number()),
  }),
);
