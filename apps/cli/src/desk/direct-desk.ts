import { isTerminalRun, parseRunId, type RunId, type Trigger } from '@kb-labs/contracts';
import type { Composition } from '@kb-labs/daemon';
import { followLogs, followRun, listRuns, readArtifact, readLogs, readRun, startRun } from '@kb-labs/engine';

import { carryApart } from '../attend/carry-apart.js';
import { carrierOf } from '../attend/carry-run.js';
import { readGitHead } from '../project/read-git-head.js';
import { userName } from '../project/user-name.js';
import type { Carriage, Decisions, RunDesk } from './run-desk.js';

/** Runs in the state of the project, opened by this process. */
export function directDesk(engine: Composition): RunDesk {
  const { deps } = engine;
  // What decides is rarely needed, and loaded then.
  const decisions = async (): Promise<Decisions> => (await import('../control.js')).directDecisions(deps);
  return {
    // Its journal says who started a run: a second record of it would cost a short run a write more.
    start: (command) => startRun(deps, { ...command, trigger: manualTrigger(deps.workspace) }),
    read: (runId) => readRun(deps, runId),
    list: (query) => listRuns(deps, query),
    views: (runId, signal) => followRun(deps, runId, signal),
    readLogs: (query) => readLogs(deps, query),
    followLogs: (query, signal) => followLogs(deps, query, signal),
    artifact: (runId, name) => readArtifact(deps, { runId, name }),
    explain: async (runId) => (await decisions()).explain(runId),
    cancel: async (command) => (await decisions()).cancel(command),
    rerun: async (command) => (await decisions()).rerun(command),
    approvals: async (query) => (await decisions()).approvals(query),
    answer: async (command) => (await decisions()).answer(command),
    signal: async (command) => (await decisions()).signal(command),
    callBack: async (command) => (await decisions()).callBack(command),
    approver: () => Promise.resolve(userName()),
    unserved: async (runIds) => {
      const ids = [...new Set(runIds)].flatMap((id) => parseRunId(id) ?? []);
      const served = await deps.queue.served(ids);
      return ids.filter((id) => !served.has(id));
    },
    standOf: async (runId) => {
      const id = runId as RunId;
      const run = await deps.catalog.getRun(id);
      if (run === undefined || isTerminalRun(run.status)) return 'ended';
      return (await deps.queue.served([id])).has(id) ? 'served' : 'alone';
    },
    paces: { end: 50, worker: 1_000 },
    callbackUrl: (runId) => deps.callbacks.urlOf(runId),
    carriage: carriageOf(engine),
  };
}

function manualTrigger(projectRoot: string): Trigger {
  return { type: 'manual', actor: userName(), payload: null, tag: null, ...readGitHead(projectRoot) };
}

function carriageOf(engine: Composition): Carriage {
  const { deps } = engine;
  return {
    // Only a worker of all runs serves one that nobody has heard of.
    hasDaemon: async () => (await deps.queue.served([deps.ids.runId()])).size > 0,
    carrier: (runId) => carrierOf(engine, runId),
    carryApart: (started, note) => carryApart(engine, started, note),
    handOver: async (runId) => {
      const { handOver } = await import('../attend/hand-over.js');
      return handOver(engine, runId);
    },
  };
}
