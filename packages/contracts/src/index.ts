/**
 * The vocabulary: every shape that crosses a boundary of the engine, one file per noun.
 * A schema comes first and its type is inferred from it; there is no behaviour beyond parse and format.
 */
export { DEFAULT_TENANT, mayDo, PERMISSIONS, ROLES, TENANT_NAME } from './access.js';
export type { Caller, Permission, Role } from './access.js';
export { formatApiKey, hideApiKeys, LOOPBACK_KEY_ID, parseApiKey } from './api-key.js';
export type { ApiKeyView, NewApiKeyView } from './api-key.js';
export { ARTIFACT_NAME, artifactPlace, artifactTypeOf } from './artifact.js';
export type { ArtifactHandle, ArtifactType } from './artifact.js';
export { artifactTypeSchema, stepArtifactSchema } from './artifact-schema.js';
export type { StepArtifact } from './artifact-schema.js';
export { AUDIT_START } from './audit.js';
export type { AuditCheck, AuditEntry, AuditHead, AuditOutcome, NewAuditEntry } from './audit.js';
export { CONTROL_SHAPES } from './control-shapes.js';
export type { Checked, Diagnostic, DocumentPath, Finding, Severity } from './diagnostic.js';
export { formatDuration, parseDuration } from './duration.js';
export type { Duration } from './duration.js';
export { durationSchema } from './duration-schema.js';
export { ERROR_CODES } from './error-codes.js';
export type { ErrorCode } from './error-codes.js';
export { FLOW_RULES, FLOW_STATUSES, startFlowSchema } from './flow.js';
export type {
  ContractItemView,
  EvidenceView,
  FlowContractView,
  FlowPins,
  FlowReasonView,
  FlowRecord,
  FlowRule,
  FlowStatus,
  FlowView,
  OutputRefView,
  PhaseStateView,
  StartFlowRequest,
  StoredEvidence,
  ToolUseView,
} from './flow.js';
export { JOURNAL_SCHEMA } from './event.js';
export { parseEventText, toEventText } from './event-text.js';
export { digestInReference, IMAGE_REFERENCE, ISOLATION_LEVELS, TARGET_MODES } from './execution-target.js';
export type { ImageUsed, Isolation, TargetMode } from './execution-target.js';
export { executionTargetSchema } from './execution-target-schema.js';
export type { ExecutionTarget } from './execution-target-schema.js';
export type { RetryDecision, RunEvent, RunEventBody, RunEventType } from './event.js';
export type { Explanation, ExplainedNode, LockOwnerView, Missing } from './explain.js';
export { AFTER_END, isRunId, parseRunId, TIME_LIMIT, toIdempotencyKey, toRunId, toTicketId, toWorkerId } from './ids.js';
export type { RunId, TicketId, TicketPlace, WorkerId } from './ids.js';
export { isJsonObject } from './json.js';
export type { JsonObject, JsonValue } from './json.js';
export { LIMITS } from './limits.js';
export type { LlmAnswer, LlmChoice, LlmEmbeddings, LlmMessage, LlmRequest, LlmUsage } from './llm.js';
export type { LogLevel, LogLine, LogStream } from './log-line.js';
export { AXIS_NAME, ENV_NAME, HEADER_NAME, INPUT_NAME, JOB_ID, OWN_ENV_NAME, SECRET_NAME, STEP_ID, toCombinationKey, WORKFLOW_ID } from './names.js';
export { permissionsSchema } from './permissions.js';
export type { Permissions, Quotas, Service } from './permissions.js';
export { HOOKS, PLAN_SCHEMA } from './plan.js';
export type { Hook, PlannedConcurrency, PlannedJob, PlannedJobArtifacts, PlannedStep, PlannedStrategy, PlannedTarget, RunPlan, Template } from './plan.js';
export { EVIDENCE_KINDS, evidenceRefSchema, PLAYBOOK_DIGEST_TYPE, playbookManifestSchema, playbookRefSchema, RELEASE_STATES, STARTABLE_STATES, toolNameSchema } from './playbook.js';
export type {
  EvidenceKind,
  EvidenceRef,
  PlaybookDiff,
  PlaybookManifest,
  PlaybookRef,
  PlaybookSummaryView,
  PlaybookView,
  ReleaseChange,
  ReleaseState,
  RequiredEvidence,
  ValueChange,
} from './playbook.js';
export { PLUGIN_MANIFEST_SCHEMA, commandIdSchema, pluginCommandSchema, pluginManifestSchema } from './plugin.js';
export type { PluginCommand, PluginManifest } from './plugin.js';
export { PACKAGE_NAME, PLUGINS_LOCK_SCHEMA, pluginsLockSchema } from './plugins-lock.js';
export type { LockedPlugin, PluginsLock } from './plugins-lock.js';
export type {
  ExecOptions,
  ExecResult,
  FileStat,
  PluginArtifact,
  PluginArtifacts,
  PluginConnect,
  PluginConnection,
  PluginContext,
  PluginExec,
  PluginFailure,
  PluginFiles,
  PluginLlm,
  PluginLog,
  PluginRun,
  PluginSecrets,
  PluginStorage,
} from './plugin-context.js';
export { hasEnough, problemOfBuckets, refill, refillMs, wholeTokens } from './rate-bucket.js';
export type { BucketLevel } from './rate-bucket.js';
export type { Reason, ReasonRule } from './reason.js';
export { problemOfRecord, spanOfPage } from './record.js';
export type { KeySpan } from './record.js';
export type { EarlierJob, EarlierStep, Kept, Rerun } from './rerun.js';
export { retrySchema } from './retry.js';
export type { Retry, RetryPolicy } from './retry.js';
export type { RunError } from './run-error.js';
export type { JobState, MatrixState, RunState, StepState } from './run-state.js';
export type {
  ArtifactView,
  JobView,
  Page,
  ReasonView,
  RunDocumentView,
  RunSummary,
  RunSummaryView,
  RunView,
  StepView,
  WaitView,
} from './run-view.js';
export { isTerminalJob, isTerminalRun, JOB_STATUSES, RUN_STATUSES } from './status.js';
export type { JobStatus, RunStatus, StepStatus, TerminalJobStatus, TerminalRunStatus } from './status.js';
export { waitEndsAt } from './step-wait.js';
export type { ApprovalWait, StepAnswer, StepWait } from './step-wait.js';
export { findReserved } from './reserved-key.js';
export { FLOW_KEY, OWN_ID, SESSION_RUN_STATUSES, TASK_STATUSES } from './session.js';
export type { AgentView, FlowMark, PromptView, SessionRunStatus, SessionRunView, SessionView, TaskStatus, TaskView, TriggerSession } from './session.js';
export { submitInputSchema } from './session-schema.js';
export type { SubmitInputRequest } from './session-schema.js';
export { parseSize } from './size.js';
export { sizeSchema } from './size-schema.js';
export { DEFAULT_TIER, TIER_NAME, TIERS } from './tier.js';
export type { KeptFor, RetentionPolicy, Tier } from './tier.js';
export type { DeliveryRunView, DeliveryView } from './delivery-view.js';
export type { ScheduleProblemView, ScheduleRunView, ScheduleSkipView, ScheduleView } from './schedule-view.js';
export { TRIGGER_TYPES } from './trigger.js';
export type { Trigger, TriggerParent, TriggerSchedule, TriggerType } from './trigger.js';
export type { PushFilter, Schedule, Webhook, WebhookSource } from './trigger-schema.js';
export { CONTROL_NAMES, formatUses, parseUses } from './uses.js';
export type { BuiltinUses, ControlName, PluginUses, Uses, WorkflowUses } from './uses.js';
export { inputSchema, jobSchema, runDefaultsSchema, shellSchema, stepSchema, WHOLE_EXPRESSION, workflowSchema } from './workflow.js';
export type { Concurrency, Job, Shell, Step, Workflow, WorkflowInput } from './workflow.js';
