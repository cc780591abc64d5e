import type { CommandHandler } from './command-context.js';
import type { CommandId } from './command-table.js';
import { COORDINATION_COMMANDS, type CoordinationId } from './coordination-table.js';

type Loaders = { readonly [Id in CommandId]: () => Promise<{ readonly execute: CommandHandler<Id> }> };

/** What is about playbooks, flows and sessions is a program of its own. */
function coordination(): Pick<Loaders, CoordinationId> {
  const ids = Object.keys(COORDINATION_COMMANDS) as CoordinationId[];
  return Object.fromEntries(ids.map((id) => [id, async () => ({ execute: (await import('./coordination.js')).COMMANDS[id] })])) as unknown as Pick<Loaders, CoordinationId>;
}

/** The code of each command, in a file of its own that is read only when the command is used. */
const LOADERS: Loaders = {
  'workflow:run': () => import('./commands/workflow-run.js'),
  'workflow:list-runs': () => import('./commands/workflow-list-runs.js'),
  'workflow:logs': () => import('./commands/workflow-logs.js'),
  'workflow:cancel': () => import('./commands/workflow-cancel.js'),
  'workflow:status': () => import('./commands/workflow-status.js'),
  'workflow:watch': () => import('./commands/workflow-watch.js'),
  'workflow:resume': () => import('./commands/workflow-resume.js'),
  'workflow:rerun': () => import('./commands/workflow-rerun.js'),
  'workflow:explain': async () => ({ execute: (await import('./control.js')).explain }),
  'workflow:approvals': async () => ({ execute: (await import('./control.js')).approvals }),
  'workflow:approve': async () => ({ execute: (await import('./control.js')).approve }),
  'workflow:reject': async () => ({ execute: (await import('./control.js')).reject }),
  'workflow:signal': async () => ({ execute: (await import('./control.js')).signal }),
  'workflow:callback': async () => ({ execute: (await import('./control.js')).callback }),
  'workflow:artifacts': () => import('./commands/workflow-artifacts.js'),
  'workflow:list': () => import('./commands/workflow-list.js'),
  'workflow:show': () => import('./commands/workflow-show.js'),
  'workflow:validate': () => import('./commands/workflow-validate.js'),
  'workflow:plan': () => import('./commands/workflow-plan.js'),
  'workflow:schema': () => import('./commands/workflow-schema.js'),
  'workflow:new': () => import('./commands/workflow-new.js'),
  'plugin:list': () => import('./commands/plugin-list.js'),
  'plugin:add': async () => ({ execute: (await import('./control.js')).pluginAdd }),
  'plugin:remove': async () => ({ execute: (await import('./control.js')).pluginRemove }),
  'plugin:new': async () => ({ execute: (await import('./control.js')).pluginNew }),
  'plugin:validate': async () => ({ execute: (await import('./control.js')).pluginValidate }),
  'daemon:start': async () => ({ execute: (await import('./control.js')).daemonStart }),
  'daemon:status': async () => ({ execute: (await import('./control.js')).daemonStatus }),
  'daemon:stop': async () => ({ execute: (await import('./control.js')).daemonStop }),
  'schedule:list': async () => ({ execute: (await import('./control.js')).scheduleList }),
  'schedule:pause': async () => ({ execute: (await import('./control.js')).schedulePause }),
  'schedule:resume': async () => ({ execute: (await import('./control.js')).scheduleResume }),
  'schedule:trigger': async () => ({ execute: (await import('./control.js')).scheduleTrigger }),
  'webhook:list': async () => ({ execute: (await import('./control.js')).webhookList }),
  'webhook:replay': async () => ({ execute: (await import('./control.js')).webhookReplay }),
  ...coordination(),
  'auth:create-key': async () => ({ execute: (await import('./control.js')).authCreateKey }),
  'auth:list-keys': async () => ({ execute: (await import('./control.js')).authListKeys }),
  'auth:revoke-key': async () => ({ execute: (await import('./control.js')).authRevokeKey }),
  'secret:set': async () => ({ execute: (await import('./control.js')).secretSet }),
  'secret:list': async () => ({ execute: (await import('./control.js')).secretList }),
  'secret:remove': async () => ({ execute: (await import('./control.js')).secretRemove }),
  'audit:list': async () => ({ execute: (await import('./control.js')).auditList }),
  'audit:verify': async () => ({ execute: (await import('./control.js')).auditVerify }),
  doctor: () => import('./commands/doctor.js'),
  completion: () => import('./commands/completion.js'),
  help: () => import('./commands/help.js'),
  version: () => import('./commands/version.js'),
  __complete: () => import('./commands/complete.js'),
  __work: () => import('./commands/work.js'),
  __pushes: async () => ({ execute: (await import('./control.js')).pushes }),
};

export async function loadCommand<Id extends CommandId>(id: Id): Promise<CommandHandler<Id>> {
  const { execute } = await LOADERS[id]();
  return execute;
}
