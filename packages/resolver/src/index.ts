/**
 * The written → resolved arrow, and every decision about what comes next. Pure: a plan and a state go in,
 * a decision comes out.
 */
export { checkGraph, needsOf } from './check-graph.js';
export { checkScripts } from './check-scripts.js';
export { decideRetry } from './decide-retry.js';
export type { FailedTry } from './decide-retry.js';
export { jobGraph } from './job-graph.js';
export { cancelReason, readyJobs } from './ready-jobs.js';
export type { Readiness, SettledJob } from './ready-jobs.js';
export { resolveInputs } from './resolve-inputs.js';
export type { SchemaCheck } from './resolve-inputs.js';
export { resolvePlan } from './resolve-plan.js';
export { runOutcome } from './run-outcome.js';
export { whyNotInEnvironment } from './script/environment-value.js';
export { effectiveResult, needsContext, runContexts, stepsContext } from './scope.js';
export { decideStep } from './step-condition.js';
