/**
 * The verbs of the engine, one file each: `(deps, command) → result`. Everything outside comes in through the ports.
 */
export { answerApproval, listApprovals } from './answer-approval.js';
export type { AnswerApproval, PendingApproval } from './answer-approval.js';
export { callBack } from './call-back.js';
export type { CallBack } from './call-back.js';
export { cancelRun } from './cancel-run.js';
export type { CancelRun } from './cancel-run.js';
export type { EngineDeps, EngineLimits } from './deps.js';
export { explainRun } from './explain-run.js';
export { followRun } from './follow-run.js';
export { listRuns } from './list-runs.js';
export type { ListRuns } from './list-runs.js';
export { planWorkflow } from './plan-workflow.js';
export type { PlanWorkflow } from './plan-workflow.js';
export { readArtifact } from './read-artifact.js';
export type { ReadArtifact } from './read-artifact.js';
export { followLogs, readLogs } from './read-logs.js';
export type { ReadLogs } from './read-logs.js';
export { readRun } from './read-run.js';
export { reconcile } from './reconcile.js';
export { rerunRun } from './rerun-run.js';
export type { RerunChoice } from './rerun-choices.js';
export type { RerunRun, StartedRerun } from './rerun-run.js';
export { runCommand } from './run-command.js';
export type { RunCommand } from './run-command.js';
export { sendSignal } from './send-signal.js';
export type { SendSignal, SentSignal } from './send-signal.js';
export { startRun } from './start-run.js';
export type { StartedRun, StartRun } from './start-run.js';
export { showWorkflow, validateWorkflows } from './validate-workflows.js';
export type { Validation, WorkflowEntry } from './validate-workflows.js';
export { createWorker } from './worker.js';
export type { Worker, WorkerOptions } from './worker.js';
