/**
 * The interfaces between the engine and the world. An adapter is done when the shared conformance suite of its port
 * passes; the engine never knows which one it has.
 */
export type { BlobContent, Blobs, StoredBlob } from './blobs.js';
export type { Callbacks } from './callbacks.js';
export type { Catalog, OpenWait, RunQuery, WaitQuery } from './catalog.js';
export type { ClaimOwner, Claims, NewClaim, OpenClaim } from './claims.js';
export type { Clock } from './clock.js';
export type { Append, AppendResult, Begin, Create, CreateResult, EventLog, NewWait, RunChange } from './event-log.js';
export type { HandOver, Offer } from './hand-over.js';
export type { Ids } from './ids.js';
export type { Fence, JobQueue, Lease, NewTicket, Places, QueueCounts, QueuedTicket, TakeOptions, WorkerInfo } from './job-queue.js';
export type { Llm } from './llm.js';
export type { Logger } from './logger.js';
export type { CommandLookup, ConsumedArtifact, InstalledPlugin, NewArtifact, Placement, PluginHost, StepCall, StepOutcome, StepSecrets, StepToPlace } from './plugin-host.js';
export type { Bucket, RateAnswer, RateLimits } from './rate-limits.js';
export type { RecordChange, RecordPage, Records, RecordWriteOptions, StoredRecord } from './records.js';
export type { EndedRunQuery, KeptBytes, KeptRun, RemovedParts, Retention } from './retention.js';
export type { ByteRedactor, KeptSecret, Redactor, Secrets } from './secrets.js';
export type { LogPage, LogQuery, StepLogs } from './step-logs.js';
export type { CheckedDocument, CheckedDocuments, WorkflowSource, WorkflowSources } from './workflow-sources.js';
export type { WorkspaceFiles } from './workspace-files.js';
