/**
 * What decides about runs from outside: answers, signals, explanations, runs that are run again; and what is about the
 * daemon. Rarely needed, so that the program loads it when it is asked for.
 */
export { openApprovalDesk } from './attend/approvals.js';
export { beginRerun } from './commands/begin-rerun.js';
export { execute as daemonStart } from './commands/daemon-start.js';
export { execute as daemonStatus } from './commands/daemon-status.js';
export { execute as daemonStop } from './commands/daemon-stop.js';
export { readPlan } from './commands/read-plan.js';
export { execute as approvals } from './commands/workflow-approvals.js';
export { approve, reject } from './commands/workflow-approve.js';
export { execute as callback } from './commands/workflow-callback.js';
export { execute as explain } from './commands/workflow-explain.js';
export { execute as signal } from './commands/workflow-signal.js';
