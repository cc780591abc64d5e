import type { AgentView, SessionView } from '@kb-labs/contracts';
import { agentOf } from '@kb-labs/projector';

import type { KeptSession } from './session-record.js';

export function toSessionView({ id, value }: KeptSession): SessionView {
  const { kind, title, active, queue, ended, metadata, createdAt, createdBy, parent } = value;
  return {
    session_id: id,
    kind,
    title,
    status: statusOf(value),
    agent_id: agentOf(id),
    parent: parent === null ? null : { session_id: parent.sessionId, run_id: parent.runId, task_id: parent.taskId },
    active_run_id: active?.runId ?? null,
    queued_run_ids: queue.map(({ runId }) => runId),
    metadata,
    created_at: new Date(createdAt).toISOString(),
    created_by: createdBy,
    ended_at: ended === null ? null : new Date(ended.at).toISOString(),
  };
}

export function toAgentView({ id, value }: KeptSession): AgentView {
  const { kind, active, parent } = value;
  return {
    agent_id: agentOf(id),
    session_id: id,
    kind: kind === 'session' ? 'root' : 'sidechain',
    spawned_by_run_id: parent?.runId ?? null,
    status: statusOf(value),
    active_run_id: active?.runId ?? null,
  };
}

function statusOf({ active, ended }: KeptSession['value']): SessionView['status'] {
  return ended !== null ? 'ended' : active === null ? 'idle' : 'busy';
}
