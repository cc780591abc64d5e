import type { ArtifactView, Explanation, JsonObject, JsonValue, LogLine, Page, RunId, RunSummaryView, RunView } from '@kb-labs/contracts';
import type { ListRuns, PendingApproval, ReadLogs, SentSignal, StartedRerun, StartedRun } from '@kb-labs/engine';
import type { LogPage } from '@kb-labs/ports';

import type { Carrier } from '../attend/carry-run.js';

/** Where runs are asked about and decided on: the state of the project, or a gateway. What both answer is the same. */
export interface RunDesk {
  start(command: StartCommand): Promise<StartedRun>;
  read(runId: string): Promise<RunView>;
  list(query: ListRuns): Promise<Page<RunSummaryView>>;
  /** The run now and after its changes, to its end or until `signal` is aborted. Changes that come together are one. */
  views(runId: string, signal: AbortSignal): AsyncIterable<RunView>;
  readLogs(query: ReadLogs): Promise<LogPage>;
  followLogs(query: Omit<ReadLogs, 'limit'>, signal: AbortSignal): AsyncIterable<LogLine>;
  explain(runId: string): Promise<Explanation>;
  artifact(runId: string, name: string): Promise<{ readonly artifact: ArtifactView; readonly content: AsyncIterable<Uint8Array> }>;

  cancel(command: { readonly runId: string; readonly note?: string }): Promise<RunView>;
  rerun(command: RerunCommand): Promise<Pick<StartedRerun, 'keeps' | 'again'> & { readonly runId: string }>;
  approvals(query: { readonly limit?: number; readonly cursor?: string }): Promise<Page<PendingApproval>>;
  answer(command: AnswerCommand): Promise<RunView>;
  signal(command: { readonly name: string; readonly payload: JsonValue; readonly runId?: string }): Promise<SentSignal>;
  callBack(command: { readonly token: string; readonly payload: JsonValue }): Promise<{ readonly runId: string }>;

  /** As whom approvals are decided here; nothing for those who may not decide any. */
  approver(): Promise<string | undefined>;
  /** Of these runs those that are open and that nobody carries on. Of many, the first ones may be all that is looked at. */
  unserved(runIds: readonly string[]): Promise<readonly string[]>;
  standOf(runId: string): Promise<'ended' | 'served' | 'alone'>;
  /** How long to wait, in ms, before looking again whether a run has ended, or has a worker. */
  readonly paces: { readonly end: number; readonly worker: number };
  /** The address that calls a run back, where it is known. */
  readonly callbackUrl?: (runId: RunId) => string;
  /** Absent where runs are the matter of others. */
  readonly carriage?: Carriage;
}

/** What is rarely asked for. */
export type Decisions = Pick<RunDesk, 'explain' | 'cancel' | 'rerun' | 'approvals' | 'answer' | 'signal' | 'callBack'>;

/** What lets this process carry runs on itself. */
export interface Carriage {
  /** Whether a daemon carries runs of this project on. */
  hasDaemon(): Promise<boolean>;
  carrier(runId: RunId): Carrier;
  /** Hands runs that are to go on apart from a followed one to a worker in the background. */
  carryApart(started: readonly RunId[], note: (text: string) => void): Promise<void>;
  /** Leaves a run to a daemon or to a worker in the background; resolves once it has been taken over. */
  handOver(runId: string): Promise<RunView>;
}

interface StartCommand {
  readonly workflowId: string;
  readonly input: JsonObject;
  readonly idempotencyKey?: string;
}

interface RerunCommand {
  readonly runId: string;
  readonly mode: 'all' | 'failed' | 'from';
  readonly from?: string;
}

interface AnswerCommand {
  readonly runId: string;
  readonly step: string;
  readonly decision: 'approved' | 'rejected';
  /** Who decides, in place of whoever asks. */
  readonly as?: string;
  readonly comment?: string;
  readonly data?: JsonObject;
  readonly subject?: string;
}
