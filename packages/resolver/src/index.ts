/**
 * The written → resolved arrow, and every decision about what comes next. Pure: a plan and a state go in,
 * a decision comes out.
 */
export { checkGraph, needsOf } from './check-graph.js';
export { checkScripts } from './check-scripts.js';
export { decideGate } from './decide-gate.js';
export type { GateDecision } from './decide-gate.js';
export { decideRetry } from './decide-retry.js';
export type { FailedTry } from './decide-retry.js';
export { EndedSteps } from './ended-steps.js';
export { expandMatrix } from './expand-matrix.js';
export type { ExpandedMatrix } from './expand-matrix.js';
export { groupOf } from './group-of.js';
export { jobGraph, plannedJob } from './job-graph.js';
export { keepJob, keepStep } from './keep-results.js';
export type { Keeping } from './keep-results.js';
export { matrixEnd, releasable, releasedBy } from './matrix-progress.js';
export type { MatrixEnd } from './matrix-progress.js';
export { readyJobs } from './ready-jobs.js';
export type { ExpandedJob, Readiness, SettledJob } from './ready-jobs.js';
export { resolveInputs } from './resolve-inputs.js';
export type { SchemaCheck } from './resolve-inputs.js';
export { resolvePlan } from './resolve-plan.js';
export { runOutcome } from './run-outcome.js';
export { whyNotInEnvironment } from './script/environment-value.js';
export { effectiveResult, endedNeed, needsContext, runContexts, stepsContext, strategyContexts } from './scope.js';
export type { EndedJob } from './scope.js';
export { decideStep } from './step-condition.js';
export { cancelReason, stopReason } from './stop-reason.js';
