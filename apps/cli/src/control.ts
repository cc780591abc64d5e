/**
 * What a run and looking at one do without: what decides about runs from outside, documents, plugins, schedules and deliveries, the daemon and
 * Studio, keys, secrets, the audit log, help and completion. Rarely needed, so that the program loads it when it is asked for.
 */
import type { Handlers } from './command-context.js';
import { execute as auditList } from './commands/audit-list.js';
import { execute as auditVerify } from './commands/audit-verify.js';
import { execute as authCreateKey } from './commands/auth-create-key.js';
import { execute as authListKeys } from './commands/auth-list-keys.js';
import { execute as authRevokeKey } from './commands/auth-revoke-key.js';
import { execute as complete } from './commands/complete.js';
import { execute as completion } from './commands/completion.js';
import { execute as daemonStart } from './commands/daemon-start.js';
import { execute as daemonStatus } from './commands/daemon-status.js';
import { execute as daemonStop } from './commands/daemon-stop.js';
import { execute as doctor } from './commands/doctor.js';
import { execute as help } from './commands/help.js';
import { execute as pluginAdd } from './commands/plugin/plugin-add.js';
import { execute as pluginNew } from './commands/plugin/plugin-new.js';
import { execute as pluginRemove } from './commands/plugin/plugin-remove.js';
import { execute as pluginValidate } from './commands/plugin/plugin-validate.js';
import { execute as pluginList } from './commands/plugin-list.js';
import { execute as pushes } from './commands/pushes.js';
import { pause, resume, trigger } from './commands/schedule-change.js';
import { execute as scheduleList } from './commands/schedule-list.js';
import { execute as secretList } from './commands/secret-list.js';
import { execute as secretRemove } from './commands/secret-remove.js';
import { execute as secretSet } from './commands/secret-set.js';
import { execute as studio } from './commands/studio.js';
import { execute as webhookList } from './commands/webhook-list.js';
import { execute as webhookReplay } from './commands/webhook-replay.js';
import { execute as approvals } from './commands/workflow-approvals.js';
import { approve, reject } from './commands/workflow-approve.js';
import { execute as callback } from './commands/workflow-callback.js';
import { execute as explain } from './commands/workflow-explain.js';
import { execute as workflowList } from './commands/workflow-list.js';
import { execute as workflowNew } from './commands/workflow-new.js';
import { execute as workflowPlan } from './commands/workflow-plan.js';
import { execute as workflowSchema } from './commands/workflow-schema.js';
import { execute as workflowShow } from './commands/workflow-show.js';
import { execute as signal } from './commands/workflow-signal.js';
import { execute as workflowValidate } from './commands/workflow-validate.js';

export { showWorkflow, validateWorkflows } from '@kb-labs/engine';

export { openApprovalDesk } from './attend/approvals.js';
export { printCommandHelp, printOverview } from './commands/help.js';
export { readPlan } from './commands/read-plan.js';
export { printPlan } from './commands/workflow-plan.js';
export { directAccess } from './desk/direct-access.js';
export { directDecisions } from './desk/direct-decisions.js';

export const HANDLERS = {
  'workflow:explain': explain,
  'workflow:approvals': approvals,
  'workflow:approve': approve,
  'workflow:reject': reject,
  'workflow:signal': signal,
  'workflow:callback': callback,
  'workflow:list': workflowList,
  'workflow:show': workflowShow,
  'workflow:validate': workflowValidate,
  'workflow:plan': workflowPlan,
  'workflow:schema': workflowSchema,
  'workflow:new': workflowNew,
  'plugin:list': pluginList,
  'plugin:add': pluginAdd,
  'plugin:remove': pluginRemove,
  'plugin:new': pluginNew,
  'plugin:validate': pluginValidate,
  'daemon:start': daemonStart,
  'daemon:status': daemonStatus,
  'daemon:stop': daemonStop,
  studio,
  'schedule:list': scheduleList,
  'schedule:pause': pause,
  'schedule:resume': resume,
  'schedule:trigger': trigger,
  'webhook:list': webhookList,
  'webhook:replay': webhookReplay,
  'auth:create-key': authCreateKey,
  'auth:list-keys': authListKeys,
  'auth:revoke-key': authRevokeKey,
  'secret:set': secretSet,
  'secret:list': secretList,
  'secret:remove': secretRemove,
  'audit:list': auditList,
  'audit:verify': auditVerify,
  doctor,
  completion,
  help,
  __complete: complete,
  __pushes: pushes,
} as const satisfies Partial<Handlers>;
