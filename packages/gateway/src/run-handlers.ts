import { isTerminalRun, type RunView } from '@kb-labs/contracts';
import { awaitEnd, cancelRun, type EngineDeps, explainRun, listRuns, readArtifact, readEvents, readLogs, readRun, readRunDocument, rerunRun, startRun } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';

import { artifactHeaders } from './artifact-headers.js';
import { toListRuns } from './list-query.js';
import { toEventView, toLogLineView } from './follow-views.js';
import { parseLogPlace, parseSeq } from './follow-places.js';
import type { Handlers, RequestTo } from './handler.js';

type RunRoutes = 'startRun' | 'listRuns' | 'getRun' | 'cancelRun' | 'rerunRun' | 'explainRun' | 'getRunDocument' | 'runEvents' | 'runLogs' | 'listArtifacts' | 'getArtifact';

export const runHandlers: Handlers<RunRoutes> = {
  startRun: async ({ engine }, { body, query, caller, signal, idempotencyKey = body.idempotencyKey }) => {
    const { run, repeated } = await startRun(engine, {
      workflowId: body.workflowId,
      input: body.input ?? {},
      trigger: { type: 'manual', actor: caller.name, payload: null, branch: null, tag: null, sha: null },
      tenant: caller.tenant,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    return { status: repeated ? 200 : 201, body: (await ended(engine, run, { query, signal })) ?? run };
  },

  listRuns: async ({ engine }, { query, caller }) => ({ status: 200, body: await listRuns(engine, toListRuns(query, caller.tenant)) }),

  getRun: async ({ engine }, { run, query, signal }) => ({ status: 200, body: (await ended(engine, run, { query, signal })) ?? (await readRun(engine, run.id)) }),

  cancelRun: async ({ engine }, { run, body, caller }) => ({ status: 200, body: await cancelRun(engine, { runId: run.id, by: caller.name, ...body }) }),

  rerunRun: async ({ engine }, { run, body, caller, idempotencyKey = body.idempotencyKey }) => {
    const mode = body.mode ?? (body.from === undefined ? 'all' : 'from');
    if ((mode === 'from') !== (body.from !== undefined)) throw new AppError('REQUEST_INVALID', { problem: 'body.from: goes with the mode "from", and only with it' });
    const { run: started, keeps, again, repeated } = await rerunRun(engine, {
      runId: run.id,
      mode,
      by: caller.name,
      ...(body.from === undefined ? {} : { from: body.from }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    return { status: repeated ? 200 : 201, body: { runId: started.id, rerunOf: run.id, keeps, again } };
  },

  explainRun: async ({ engine }, { run }) => ({ status: 200, body: await explainRun(engine, run.id) }),

  getRunDocument: async ({ engine }, { run }) => ({ status: 200, body: await readRunDocument(engine, run.id) }),

  runEvents: async ({ engine }, { run, query }) => {
    const { after, limit } = query;
    const { events, more } = await readEvents(engine, { runId: run.id, ...(after === undefined ? {} : { after: parseSeq(after) }), ...(limit === undefined ? {} : { limit }) });
    const last = events.at(-1);
    return { status: 200, body: { items: events.map(toEventView), ...(more && last !== undefined ? { nextCursor: String(last.seq) } : {}) } };
  },

  runLogs: async ({ engine }, { run, query: { after, since, ...query } }) => {
    const place = after === undefined ? undefined : parseLogPlace(after);
    if (place !== undefined && place.skip > 0) throw new AppError('REQUEST_INVALID', { problem: `query.after: "${String(after)}" is no cursor of a page` });
    const page = await readLogs(engine, {
      runId: run.id,
      ...query,
      ...(place === undefined ? {} : { after: place.after }),
      ...(since === undefined ? {} : { since: Date.parse(since) }),
    });
    return { status: 200, body: { items: page.lines.map(toLogLineView), cursor: String(page.cursor), ...(page.more ? { nextCursor: String(page.cursor) } : {}) } };
  },

  listArtifacts: async ({ engine }, { run }) => ({ status: 200, body: { items: (await readRun(engine, run.id)).artifacts } }),

  getArtifact: async ({ engine }, { run, params }) => {
    // What a run that is open refers to is never removed.
    if (isTerminalRun(run.status) && run.artifactsRemovedAt !== undefined) {
      throw new AppError('ARTIFACT_REMOVED', { name: params.name, at: new Date(run.artifactsRemovedAt).toISOString() });
    }
    const { artifact, content } = await readArtifact(engine, { runId: run.id, name: params.name });
    return { status: 200, bytes: content, length: artifact.bytes, headers: artifactHeaders(artifact) };
  },
};

/** The run that a request waits for, when it does. */
async function ended(engine: EngineDeps, { id, status }: Pick<RunView, 'id' | 'status'>, { query, signal }: Pick<RequestTo<'getRun'>, 'query' | 'signal'>): Promise<RunView | undefined> {
  if (signal === undefined || isTerminalRun(status)) return undefined;
  return awaitEnd(engine, { runId: id, waitMs: (query.wait ?? 0) * 1_000, signal });
}
