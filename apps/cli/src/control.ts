/**
 * What decides about runs from outside: answers, signals, explanations, runs that are run again; what is about schedules and deliveries,
 * the daemon, plugins, keys, secrets and the audit log. Rarely needed, so that the program loads it when it is asked for.
 */
export { openApprovalDesk } from './attend/approvals.js';
export { execute as auditList } from './commands/audit-list.js';
export { execute as auditVerify } from './commands/audit-verify.js';
export { execute as authCreateKey } from './commands/auth-create-key.js';
export { execute as authListKeys } from './commands/auth-list-keys.js';
export { execute as authRevokeKey } from './commands/auth-revoke-key.js';
export { execute as daemonStart } from './commands/daemon-start.js';
export { execute as daemonStatus } from './commands/daemon-status.js';
export { execute as daemonStop } from './commands/daemon-stop.js';
export { execute as pluginAdd } from './commands/plugin/plugin-add.js';
export { execute as pluginNew } from './commands/plugin/plugin-new.js';
export { execute as pluginRemove } from './commands/plugin/plugin-remove.js';
export { execute as pluginValidate } from './commands/plugin/plugin-validate.js';
export { execute as pushes } from './commands/pushes.js';
export { readPlan } from './commands/read-plan.js';
export { checkTargets } from './doctor/targets.js';
export { directAccess } from './desk/direct-access.js';
export { directDecisions } from './desk/direct-decisions.js';
export { pause as schedulePause, resume as scheduleResume, trigger as scheduleTrigger } from './commands/schedule-change.js';
export { execute as scheduleList } from './commands/schedule-list.js';
export { execute as webhookList } from './commands/webhook-list.js';
export { execute as webhookReplay } from './commands/webhook-replay.js';
export { execute as secretList } from './commands/secret-list.js';
export { execute as secretRemove } from './commands/secret-remove.js';
export { execute as secretSet } from './commands/secret-set.js';
export { execute as approvals } from './commands/workflow-approvals.js';
export { approve, reject } from './commands/workflow-approve.js';
export { execute as callback } from './commands/workflow-callback.js';
export { execute as explain } from './commands/workflow-explain.js';
export { execute as signal } from './commands/workflow-signal.js';
