import type { FlowRecord, FlowStatus, FlowView, JsonObject, ReleaseChange, RunEvent, StoredEvidence } from '@kb-labs/contracts';
import type { ScopedRun } from '@kb-labs/projector';

export const EXPORT_FORMAT = 'kb-flow-export/1';

/** A run of a flow. One that waits in the line of its session, or ended there, has no journal. */
export type ExportedRun = { readonly run_id: string; readonly events: readonly RunEvent[] } | { readonly run_id: string; readonly without_journal: ScopedRun };

/** All that the status of a flow follows from, to be checked where nothing else is known of it. Its file is `exportText` of it. */
export interface FlowExport {
  readonly format: typeof EXPORT_FORMAT;
  readonly flow_id: string;
  /** As it was when it was exported. */
  readonly view: FlowView;
  /** What it was started with, its pins among it. Times are ms since the epoch. */
  readonly record: FlowRecord;
  readonly submission: 'none' | 'submitted';
  readonly manifest: JsonObject;
  /** Of the version, the oldest first. */
  readonly release_history: readonly ReleaseChange[];
  readonly evidence: readonly StoredEvidence[];
  readonly runs: readonly ExportedRun[];
  /** Of every part, and under `all` of everything but itself. That of the manifest is the one of its version. */
  readonly digests: ExportDigests;
}

export interface ExportDigests {
  readonly view: string;
  readonly record: string;
  readonly manifest: string;
  readonly release_history: string;
  readonly evidence: string;
  /** By id. */
  readonly runs: Readonly<Record<string, string>>;
  readonly all: string;
}

export interface FlowVerification {
  /** Nothing in it was changed since it was written, and its status is what its parts say. */
  readonly ok: boolean;
  readonly problems: readonly string[];
  readonly flowId: string | null;
  /** As the journals in it say; `null` when they cannot be read. */
  readonly status: FlowStatus | null;
  /** Over everything, to be compared with what was written down elsewhere: who changes an export and makes its digests anew leaves nothing else to see. */
  readonly digest: string | null;
}
