import { DEFAULT_TENANT, type JsonObject, parseRunId } from '@kb-labs/contracts';
import type { Composition } from '@kb-labs/daemon';
import { answerApproval, audited, callBack, cancelRun, explainRun, listApprovals, rerunRun, sendSignal } from '@kb-labs/engine';

import { userName } from '../project/user-name.js';
import type { Decisions } from './run-desk.js';

type Deps = Composition['deps'];

/** What decides about runs of the project from outside. Every decision is in the audit log, like one that came to a gateway. */
export function directDecisions(deps: Deps): Decisions {
  return {
    explain: (runId) => explainRun(deps, runId),
    approvals: (query) => listApprovals(deps, query),
    cancel: (command) => {
      const by = userName();
      return onRecord(deps, { actor: by, action: 'cancelRun', runId: command.runId }, () => cancelRun(deps, { ...command, by }));
    },
    rerun: (command) => {
      const by = userName();
      const { runId, mode, from } = command;
      return onRecord(deps, { actor: by, action: 'rerunRun', runId, details: { mode, ...(from === undefined ? {} : { from }) } }, async () => {
        const { run, keeps, again } = await rerunRun(deps, { ...command, by });
        return { runId: run.id, keeps, again };
      });
    },
    answer: ({ as, ...command }) => {
      const { runId, step, decision } = command;
      const by = as ?? userName();
      // Whoever decides for somebody else is on record with their own name too.
      const details = { step, decision, ...(as === undefined ? {} : { account: userName() }) };
      return onRecord(deps, { actor: by, action: 'decideApproval', runId, details }, () => answerApproval(deps, { ...command, by }));
    },
    signal: (command) => {
      const by = userName();
      const { name, runId } = command;
      const entry = { actor: by, action: 'sendSignal', target: name, ...(runId === undefined ? {} : { runId, details: { runId } }) };
      return onRecord(deps, entry, () => sendSignal(deps, { ...command, by }));
    },
    callBack: ({ token, payload }) => {
      const by = userName();
      // The token is a secret: the run that it calls back stands for it.
      const runId = deps.callbacks.runOf(token);
      const entry = { actor: by, action: 'callBack', target: runId ?? '', ...(runId === undefined ? {} : { runId }) };
      return onRecord(deps, entry, async () => ({ runId: (await callBack(deps, { token, payload, by })).id }));
    },
  };
}

interface Act {
  readonly actor: string;
  /** The name of the route that does the same. */
  readonly action: string;
  readonly runId?: string;
  /** The run when left out. */
  readonly target?: string;
  readonly details?: JsonObject;
}

/** On record with the tenant of the run. What is about no run of this state belongs to whoever has it. */
async function onRecord<Result>(deps: Deps, { actor, action, runId, target, details }: Act, act: () => Promise<Result>): Promise<Result> {
  const id = runId === undefined ? undefined : parseRunId(runId);
  const run = id === undefined ? undefined : await deps.catalog.getRun(id);
  const entry = { actor, tenant: run?.tenant ?? DEFAULT_TENANT, action, target: target ?? runId ?? '', ...(details === undefined ? {} : { details }) };
  return audited(deps, entry, act);
}
