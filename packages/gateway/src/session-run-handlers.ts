import { cancelSessionRun, listPrompts, listSessionRuns, listTasks, readLogs, readPrompt, readSessionRun, readTask, resolvePrompt, stopTask } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';

import { parseLogPlace } from './follow-places.js';
import { toLogLineView } from './follow-views.js';
import type { EngineHandlers } from './handler.js';
import { pageOfEvents } from './session-events.js';
import { toWirePage } from './wire-page.js';

type SessionRunRoutes = 'listSessionRuns' | 'getSessionRun' | 'sessionRunEvents' | 'cancelSessionRun' | 'listTasks' | 'getTask' | 'taskOutput' | 'stopTask';
type PromptRoutes = 'listSessionApprovals' | 'getApproval' | 'allowApproval' | 'denyApproval' | 'listQuestions' | 'getQuestion' | 'answerQuestion';

export const sessionRunHandlers: EngineHandlers<SessionRunRoutes> = {
  listSessionRuns: async ({ engine }, { query: { session_id: sessionId, ...query }, caller }) => ({
    status: 200,
    body: toWirePage(await listSessionRuns(engine, { ...query, ...(sessionId === undefined ? {} : { sessionId }), tenant: caller.tenant })),
  }),

  getSessionRun: async ({ engine }, { params, caller }) => ({ status: 200, body: await readSessionRun(engine, { runId: params.id, tenant: caller.tenant }) }),

  sessionRunEvents: async ({ engine }, { params, query, caller }) => ({ status: 200, body: await pageOfEvents(engine, { runId: params.id, tenant: caller.tenant }, query) }),

  cancelSessionRun: async ({ engine }, { params, body, caller }) => ({ status: 200, body: await cancelSessionRun(engine, { runId: params.id, ...body, by: caller.name, tenant: caller.tenant }) }),

  listTasks: async ({ engine }, { query, caller }) => ({ status: 200, body: toWirePage(await listTasks(engine, { ...toParts(query), tenant: caller.tenant })) }),

  getTask: async ({ engine }, { params, caller }) => ({ status: 200, body: await readTask(engine, { ...params, tenant: caller.tenant }) }),

  taskOutput: async ({ engine }, { params, query: { after, limit }, caller }) => {
    const task = await readTask(engine, { ...params, tenant: caller.tenant });
    const place = after === undefined ? undefined : parseLogPlace(after);
    if (place !== undefined && place.skip > 0) throw new AppError('REQUEST_INVALID', { problem: `query.after: "${String(after)}" is no cursor of a page` });
    const page = await readLogs(engine, { runId: task.run_id, job: task.job, ...(place === undefined ? {} : { after: place.after }), ...(limit === undefined ? {} : { limit }) });
    return { status: 200, body: { items: page.lines.map(toLogLineView), ...(page.more ? { next_cursor: String(page.cursor) } : {}) } };
  },

  stopTask: async ({ engine }, { params, body, caller }) => ({ status: 200, body: await stopTask(engine, { ...params, ...body, by: caller.name, tenant: caller.tenant }) }),
};

export const promptHandlers: EngineHandlers<PromptRoutes> = {
  listSessionApprovals: async ({ engine }, { query, caller }) => ({ status: 200, body: toWirePage(await listPrompts(engine, { kind: 'approval', ...toParts(query), tenant: caller.tenant })) }),

  getApproval: async ({ engine }, { params, caller }) => ({ status: 200, body: await readPrompt(engine, { kind: 'approval', ...params, tenant: caller.tenant }) }),

  allowApproval: async ({ engine }, { params, body, caller }) => ({
    status: 200,
    body: await resolvePrompt(engine, { kind: 'approval', decision: 'approved', ...params, ...body, by: caller.name, tenant: caller.tenant }),
  }),

  denyApproval: async ({ engine }, { params, body, caller }) => ({
    status: 200,
    body: await resolvePrompt(engine, { kind: 'approval', decision: 'rejected', ...params, ...body, by: caller.name, tenant: caller.tenant }),
  }),

  listQuestions: async ({ engine }, { query, caller }) => ({ status: 200, body: toWirePage(await listPrompts(engine, { kind: 'question', ...toParts(query), tenant: caller.tenant })) }),

  getQuestion: async ({ engine }, { params, caller }) => ({ status: 200, body: await readPrompt(engine, { kind: 'question', ...params, tenant: caller.tenant }) }),

  answerQuestion: async ({ engine }, { params, body: { answer, ...body }, caller }) => ({
    status: 200,
    body: await resolvePrompt(engine, { kind: 'question', decision: 'approved', data: answer, ...params, ...body, by: caller.name, tenant: caller.tenant }),
  }),
};

/** The names of the wire, as the engine has them. */
function toParts<Query extends { readonly run_id?: string; readonly session_id?: string }>({ run_id: runId, session_id: sessionId, ...query }: Query) {
  return { ...query, ...(runId === undefined ? {} : { runId }), ...(sessionId === undefined ? {} : { sessionId }) };
}
