/**
 * The one read path: a run's journal folded into its state, and the state shown as views.
 * It has no vote: nothing here enqueues, fails or approves.
 */
export { explainRun } from './explain.js';
export type { Surroundings } from './explain.js';
export { foldRun } from './fold-run.js';
export { toReasonView, toRunSummary, toRunSummaryView, toRunView } from './run-view.js';
