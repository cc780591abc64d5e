import type { CommandHandler } from './command-context.js';
import type { CommandSpec } from './command-spec.js';
import type { CommandId } from './command-table.js';
import type { HANDLERS as CONTROL } from './control.js';
import type { HANDLERS as COORDINATION } from './coordination.js';
import { PROGRAM_COMMANDS } from './table/program.js';
import { WORKFLOW_COMMANDS } from './table/workflow.js';

type Loader<Id extends CommandId> = (id: Id) => Promise<CommandHandler<Id>>;
type ControlId = keyof typeof CONTROL;
type CoordinationId = keyof typeof COORDINATION;

const control = async <Id extends ControlId>(id: Id): Promise<(typeof CONTROL)[Id]> => (await import('./control.js')).HANDLERS[id];
const coordination = async <Id extends CoordinationId>(id: Id): Promise<(typeof COORDINATION)[Id]> => (await import('./coordination.js')).HANDLERS[id];

/** The code of each command: in a file of its own that is read only when the command is used, or in a program that holds several. */
const LOADERS: { readonly [Id in CommandId]: Loader<Id> } = {
  'workflow:run': async () => (await import('./commands/workflow-run.js')).execute,
  'workflow:list-runs': async () => (await import('./commands/workflow-list-runs.js')).execute,
  'workflow:logs': async () => (await import('./commands/workflow-logs.js')).execute,
  'workflow:cancel': async () => (await import('./commands/workflow-cancel.js')).execute,
  'workflow:status': async () => (await import('./commands/workflow-status.js')).execute,
  'workflow:watch': async () => (await import('./commands/workflow-watch.js')).execute,
  'workflow:resume': async () => (await import('./commands/workflow-resume.js')).execute,
  'workflow:rerun': async () => (await import('./commands/workflow-rerun.js')).execute,
  'workflow:explain': control,
  'workflow:approvals': control,
  'workflow:approve': control,
  'workflow:reject': control,
  'workflow:signal': control,
  'workflow:callback': control,
  'workflow:artifacts': async () => (await import('./commands/workflow-artifacts.js')).execute,
  'workflow:list': control,
  'workflow:show': control,
  'workflow:validate': control,
  'workflow:plan': control,
  'workflow:schema': control,
  'workflow:new': control,
  'plugin:list': control,
  'plugin:add': control,
  'plugin:remove': control,
  'plugin:new': control,
  'plugin:validate': control,
  'daemon:start': control,
  'daemon:status': control,
  'daemon:stop': control,
  studio: control,
  'schedule:list': control,
  'schedule:pause': control,
  'schedule:resume': control,
  'schedule:trigger': control,
  'webhook:list': control,
  'webhook:replay': control,
  'playbooks:validate': coordination,
  'playbooks:create': coordination,
  'playbooks:list': coordination,
  'playbooks:get': coordination,
  'playbooks:diff': coordination,
  'playbooks:publish': coordination,
  'playbooks:revoke': coordination,
  'flows:start': coordination,
  'flows:list': coordination,
  'flows:get': coordination,
  'flows:cancel': coordination,
  'flows:stream': coordination,
  'flows:evidence': coordination,
  'flows:export': coordination,
  'flows:verify': coordination,
  'sessions:create': coordination,
  'sessions:list': coordination,
  'sessions:get': coordination,
  'sessions:submit': coordination,
  'sessions:end': coordination,
  'runs:list': coordination,
  'runs:get': coordination,
  'runs:events': coordination,
  'runs:stream': coordination,
  'runs:cancel': coordination,
  'agents:list': coordination,
  'agents:get': coordination,
  'tasks:list': coordination,
  'tasks:get': coordination,
  'tasks:output': coordination,
  'tasks:stop': coordination,
  'approvals:list': coordination,
  'approvals:allow': coordination,
  'approvals:deny': coordination,
  'questions:list': coordination,
  'questions:answer': coordination,
  'auth:create-key': control,
  'auth:list-keys': control,
  'auth:revoke-key': control,
  'secret:set': control,
  'secret:list': control,
  'secret:remove': control,
  'audit:list': control,
  'audit:verify': control,
  doctor: control,
  completion: control,
  help: control,
  version: async () => (await import('./commands/version.js')).execute,
  __complete: control,
  __work: async () => (await import('./commands/work.js')).execute,
  __pushes: control,
};

export const COMMAND_IDS = Object.keys(LOADERS) as readonly CommandId[];

export function loadCommand<Id extends CommandId>(id: Id): Promise<CommandHandler<Id>> {
  return LOADERS[id](id);
}

/** Of the commands that are no other program's. */
const SPECS: Readonly<Record<string, CommandSpec>> = { ...WORKFLOW_COMMANDS, ...PROGRAM_COMMANDS };

/** Its row in the table of commands. */
export async function loadSpec(id: CommandId): Promise<CommandSpec> {
  return SPECS[id] ?? (await import('./command-table.js')).specOf(id);
}
