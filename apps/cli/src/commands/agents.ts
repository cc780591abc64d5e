import type { AgentView } from '@kb-labs/contracts';

import type { CommandHandler } from '../command-context.js';
import { toKind } from './choices.js';
import { given, printFacts, printWirePage } from './print-wire.js';

export const agentsList: CommandHandler<'agents:list'> = async (context, args) => {
  const routes = await context.routes();
  const page = await routes.call('listAgents', { query: { ...given({ limit: args.limit, cursor: args.cursor }), ...toKind(args.kind) } });
  printWirePage(context, page, { none: 'no agents', header: ['AGENT', 'KIND', 'STATUS', 'SESSION', 'RUN'], rowOf: (agent) => rowOf(agent) });
  return undefined;
};

export const agentsGet: CommandHandler<'agents:get'> = async (context, args) => {
  const routes = await context.routes();
  const agent = await routes.call('getAgent', { params: { id: args.rest[0] } });
  printFacts(context, agent, [['agent', agent.agent_id], ['kind', agent.kind], ['status', agent.status], ['session', agent.session_id], ['run', agent.active_run_id], ['spawned by', agent.spawned_by_run_id]]);
  return undefined;
};

function rowOf(agent: AgentView): string[] {
  return [agent.agent_id, agent.kind, agent.status, agent.session_id, agent.active_run_id ?? ''];
}
