/**
 * The vocabulary: every shape that crosses a boundary of the engine, one file per noun.
 * A schema comes first and its type is inferred from it; there is no behaviour beyond parse and format.
 */
export { ARTIFACT_NAME, artifactTypeOf } from './artifact.js';
export type { ArtifactHandle, ArtifactType } from './artifact.js';
export { artifactTypeSchema, stepArtifactSchema } from './artifact-schema.js';
export type { StepArtifact } from './artifact-schema.js';
export type { Checked, Diagnostic, DocumentPath, Finding, Severity } from './diagnostic.js';
export { formatDuration, parseDuration } from './duration.js';
export type { Duration } from './duration.js';
export { durationSchema } from './duration-schema.js';
export { ERROR_CODES } from './error-codes.js';
export type { ErrorCode } from './error-codes.js';
export { JOURNAL_SCHEMA } from './event.js';
export type { Isolation, RetryDecision, RunEvent, RunEventBody, RunEventType } from './event.js';
export { isRunId, parseRunId, toIdempotencyKey, toRunId, toTicketId, toWorkerId } from './ids.js';
export type { RunId, TicketId, TicketPlace, WorkerId } from './ids.js';
export { isJsonObject } from './json.js';
export type { JsonObject, JsonValue } from './json.js';
export { LIMITS } from './limits.js';
export type { LogLevel, LogLine, LogStream } from './log-line.js';
export { ENV_NAME, INPUT_NAME, JOB_ID, OWN_ENV_NAME, STEP_ID, WORKFLOW_ID } from './names.js';
export { permissionsSchema } from './permissions.js';
export type { Permissions } from './permissions.js';
export { PLAN_SCHEMA } from './plan.js';
export type { PlannedJob, PlannedStep, RunPlan, Template } from './plan.js';
export { PLUGIN_MANIFEST_SCHEMA, commandIdSchema, pluginCommandSchema, pluginManifestSchema } from './plugin.js';
export type { PluginCommand, PluginManifest } from './plugin.js';
export type {
  ExecOptions,
  ExecResult,
  FileStat,
  PluginArtifact,
  PluginArtifacts,
  PluginContext,
  PluginExec,
  PluginFailure,
  PluginFiles,
  PluginLog,
  PluginRun,
} from './plugin-context.js';
export type { Reason, ReasonRule } from './reason.js';
export { retrySchema } from './retry.js';
export type { Retry, RetryPolicy } from './retry.js';
export type { RunError } from './run-error.js';
export type { JobState, RunState, StepState } from './run-state.js';
export type {
  ArtifactView,
  JobView,
  Page,
  ReasonView,
  RunSummary,
  RunSummaryView,
  RunView,
  StepView,
} from './run-view.js';
export { isTerminalJob, isTerminalRun, JOB_STATUSES, RUN_STATUSES } from './status.js';
export type { JobStatus, RunStatus, StepStatus, TerminalJobStatus, TerminalRunStatus } from './status.js';
export type { Trigger } from './trigger.js';
export { formatUses, parseUses } from './uses.js';
export type { BuiltinUses, PluginUses, Uses } from './uses.js';
export { inputSchema, jobSchema, runDefaultsSchema, shellSchema, stepSchema, workflowSchema } from './workflow.js';
export type { Job, Shell, Step, Workflow, WorkflowInput } from './workflow.js';
