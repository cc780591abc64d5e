import type { Client } from '@kb-labs/client';
import { isTerminalRun, type LogLine, type RunView } from '@kb-labs/contracts';
import type { LogLineView } from '@kb-labs/contracts/http';
import type { ReadLogs } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';

import type { GatewayPlace } from '../desk/gateway-place.js';
import type { RunDesk } from '../desk/run-desk.js';
import { connect } from './connect.js';
import { downloadArtifact } from './download-artifact.js';
import { isPassing, patiently } from './patiently.js';
import { remoteViews } from './remote-views.js';
import { thaw } from './thaw.js';

/** So many runs are looked at to tell who carries them on. */
const LOOKED_AT = 5;

/** Runs at a gateway, of the tenant of the key. */
export function remoteDesk(client: Client, place: GatewayPlace): RunDesk {
  const read = (runId: string): Promise<RunView> => thaw(client.call('getRun', { params: { id: runId } }));
  return {
    start: async ({ idempotencyKey, ...body }) => {
      let status = 0;
      const once = connect(place, (answered) => (status = answered));
      const run = await thaw(once.call('startRun', { body, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) }));
      return { run, repeated: status === 200 };
    },
    read,
    list: ({ since, until, tenant: _ofTheKey, ...query }) => client.call('listRuns', { query: { ...query, ...(since === undefined ? {} : { since: toIso(since) }), ...(until === undefined ? {} : { until: toIso(until) }) } }),
    views: (runId, signal) => remoteViews(client, runId, signal),
    readLogs: async (query) => {
      const { limit } = query;
      const { items, cursor, nextCursor } = await client.call('runLogs', { params: { id: query.runId }, query: { ...logQuery(query), ...(limit === undefined ? {} : { limit }) } });
      return { lines: items.map(toLine), more: nextCursor !== undefined, cursor: Number(cursor) };
    },
    followLogs: async function* (query, signal) {
      for await (const { data } of client.follow('runLogs', { params: { id: query.runId }, query: logQuery(query), signal })) yield toLine(data);
    },
    explain: (runId) => client.call('explainRun', { params: { id: runId } }),
    artifact: (runId, name) => downloadArtifact(client, { runId, name, place }),

    cancel: ({ runId, note }) => thaw(client.call('cancelRun', { params: { id: runId }, body: note === undefined ? {} : { note } })),
    rerun: async ({ runId, ...body }) => {
      const { runId: started, keeps, again } = await client.call('rerunRun', { params: { id: runId }, body });
      return { runId: started, keeps, again };
    },
    approvals: (query) => client.call('listApprovals', { query }),
    answer: ({ runId, step, as, ...body }) => {
      if (as !== undefined) throw new AppError('USAGE', { problem: '--as does not go with KB_URL' }, { hint: 'at a gateway the name of the key decides: use a key of that name' });
      return thaw(client.call('decideApproval', { params: { id: runId, stepId: step }, body }));
    },
    signal: ({ name, payload, runId }) => client.call('sendSignal', { params: { name }, body: payload, query: runId === undefined ? {} : { runId } }),
    callBack: ({ token, payload }) => client.call('callBack', { params: { token }, body: payload }),

    approver: async () => {
      const { name, permissions } = await patiently(() => client.call('showCaller'), new AbortController().signal);
      return permissions.includes('approve') ? name : undefined;
    },
    unserved: async (runIds) => {
      const runs = await Promise.all([...new Set(runIds)].slice(0, LOOKED_AT).map(read));
      return runs.flatMap(({ id, reason }) => (reason?.rule === 'no-worker' ? [id] : []));
    },
    standOf: async (runId) => {
      try {
        const { status, reason } = await read(runId);
        return isTerminalRun(status) ? 'ended' : reason?.rule === 'no-worker' ? 'alone' : 'served';
      } catch (thrown) {
        // Whoever follows the run finds out whether the gateway comes back.
        if (isPassing(thrown)) return 'served';
        throw thrown;
      }
    },
    paces: { end: 1_000, worker: 10_000 },
  };
}

function logQuery({ job, step, since, after }: ReadLogs): { job?: string; step?: string; since?: string; after?: string } {
  return {
    ...(job === undefined ? {} : { job }),
    ...(step === undefined ? {} : { step }),
    ...(since === undefined ? {} : { since: toIso(since) }),
    ...(after === undefined ? {} : { after: String(after) }),
  };
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}

function toLine(line: LogLineView): LogLine {
  return { ...line, at: Date.parse(line.at) };
}
