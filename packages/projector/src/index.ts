/**
 * The one read path: a run's journal folded into its state, and the state shown as views.
 * It has no vote: nothing here enqueues, fails or approves.
 */
export { explainRun } from './explain.js';
export type { Surroundings } from './explain.js';
export { isToolAllowed } from './flow/flow-contract.js';
export { isSettled } from './flow/flow-rules.js';
export { toFlowView } from './flow/flow-view.js';
export type { FlowSource } from './flow/flow-view.js';
export { scopedRunOf, toolOfUses } from './flow/scoped-run.js';
export type { ScopedRun } from './flow/scoped-run.js';
export { toPromptViews, toSessionRunView, toTaskViews } from './flow/session-views.js';
export { agentOf, parsePromptId, parseTaskId, runOfSidechain, sessionOfAgent, sidechainOf, taskIdOf } from './flow/view-ids.js';
export { foldRun } from './fold-run.js';
export { toReasonView, toRunSummary, toRunSummaryView, toRunView } from './run-view.js';
