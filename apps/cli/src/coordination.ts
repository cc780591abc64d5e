/** Playbooks, flows and sessions: a program of its own, for it answers what the gateway answers and commands on runs do without. */
import { agentsGet, agentsList } from './commands/agents.js';
import { flowsCancel, flowsEvidence, flowsExport, flowsGet, flowsList, flowsStart, flowsStream, flowsVerify } from './commands/flows.js';
import { playbooksCreate, playbooksDiff, playbooksGet, playbooksList, playbooksPublish, playbooksRevoke, playbooksValidate } from './commands/playbooks.js';
import { approvalsAllow, approvalsDeny, approvalsList, questionsAnswer, questionsList } from './commands/prompts.js';
import { runsCancel, runsEvents, runsGet, runsList, runsStream } from './commands/session-runs.js';
import { sessionsCreate, sessionsEnd, sessionsGet, sessionsList, sessionsSubmit } from './commands/sessions.js';
import { tasksGet, tasksList, tasksOutput, tasksStop } from './commands/tasks.js';
import type { Handlers } from './command-context.js';
import type { COORDINATION_COMMANDS } from './table/coordination.js';

export { directRoutes } from './desk/direct-routes.js';

export const HANDLERS: Pick<Handlers, keyof typeof COORDINATION_COMMANDS> = {
  'playbooks:validate': playbooksValidate,
  'playbooks:create': playbooksCreate,
  'playbooks:list': playbooksList,
  'playbooks:get': playbooksGet,
  'playbooks:diff': playbooksDiff,
  'playbooks:publish': playbooksPublish,
  'playbooks:revoke': playbooksRevoke,
  'flows:start': flowsStart,
  'flows:list': flowsList,
  'flows:get': flowsGet,
  'flows:cancel': flowsCancel,
  'flows:stream': flowsStream,
  'flows:evidence': flowsEvidence,
  'flows:export': flowsExport,
  'flows:verify': flowsVerify,
  'sessions:create': sessionsCreate,
  'sessions:list': sessionsList,
  'sessions:get': sessionsGet,
  'sessions:submit': sessionsSubmit,
  'sessions:end': sessionsEnd,
  'runs:list': runsList,
  'runs:get': runsGet,
  'runs:events': runsEvents,
  'runs:stream': runsStream,
  'runs:cancel': runsCancel,
  'agents:list': agentsList,
  'agents:get': agentsGet,
  'tasks:list': tasksList,
  'tasks:get': tasksGet,
  'tasks:output': tasksOutput,
  'tasks:stop': tasksStop,
  'approvals:list': approvalsList,
  'approvals:allow': approvalsAllow,
  'approvals:deny': approvalsDeny,
  'questions:list': questionsList,
  'questions:answer': questionsAnswer,
};
