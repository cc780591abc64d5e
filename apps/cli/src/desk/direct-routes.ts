import { type Caller, DEFAULT_TENANT, parseRunId, type RunId } from '@kb-labs/contracts';
import type { JsonAnswerOf, RouteName, StreamedBy } from '@kb-labs/contracts/http';
import type { Composition } from '@kb-labs/daemon';
import { type EngineDeps, readSession, readSessionRun } from '@kb-labs/engine';
import { AppError, hasCode } from '@kb-labs/errors';
import { answerRoute, type EngineRouteName, followRoute, isEngineRoute, isFollowedRoute, type RouteRequest } from '@kb-labs/gateway/engine-routes';

import { carryApart } from '../attend/carry-apart.js';
import { userName } from '../project/user-name.js';
import type { RouteDesk } from './route-desk.js';

/** The routes of playbooks, flows and sessions, answered from the state of the project. Whoever has that may do everything. */
export function directRoutes(engine: Composition, note: (text: string) => void): RouteDesk {
  const { deps } = engine;
  const caller: Caller = { keyId: null, name: userName(), role: 'admin', tenant: DEFAULT_TENANT, via: 'loopback' };
  return {
    call: async (name, ...[request]) => {
      const { body } = await answerRoute(deps, caller, { ...(request as RouteRequest | undefined), name: known(name) });
      return body as JsonAnswerOf<typeof name>;
    },
    async *follow(name, { signal = new AbortController().signal, ...request }) {
      if (!isFollowedRoute(name)) throw unknown(name);
      const events = await followRoute(deps, caller, { ...(request as RouteRequest), name, signal });
      for await (const { id, data } of events) yield { id, data: data as StreamedBy<typeof name> };
    },
    carry: async (runIds) => {
      const open = await Promise.all(runIds.map((runId) => openAround(deps, { runId, tenant: caller.tenant })));
      await carryApart(engine, [...new Set(open.flat())], note);
    },
  };
}

function known(name: RouteName): EngineRouteName {
  if (isEngineRoute(name)) return name;
  throw unknown(name);
}

function unknown(name: RouteName): AppError {
  return new AppError('INTERNAL', { problem: `the route ${name} needs a gateway` });
}

interface SessionRunRef {
  readonly runId: string;
  readonly tenant: string;
}

/**
 * The open runs that have to go on for one to end: itself, or the one before it in its session; those that called it, for its end wakes them;
 * and those it called.
 */
async function openAround(deps: EngineDeps, ref: SessionRunRef): Promise<RunId[]> {
  const found: RunId[] = [];
  for (let next: string | null = ref.runId; next !== null; ) {
    const run = await readSessionRun(deps, { ...ref, runId: next });
    found.push(...(await openOf(deps, [run.run_id, ...run.child_run_ids, ...(await before(deps, run.session_id, ref.tenant))])));
    next = run.parent_run_id;
  }
  return found;
}

async function before(deps: EngineDeps, sessionId: string, tenant: string): Promise<string[]> {
  try {
    const { active_run_id: active } = await readSession(deps, { sessionId, tenant });
    return active === null ? [] : [active];
  } catch (thrown) {
    // A run outlives the records of its session.
    if (hasCode(thrown, 'SESSION_NOT_FOUND')) return [];
    throw thrown;
  }
}

async function openOf({ catalog }: EngineDeps, texts: readonly string[]): Promise<RunId[]> {
  const ids = texts.flatMap((text) => parseRunId(text) ?? []);
  const runs = await Promise.all(ids.map((id) => catalog.getRun(id)));
  return ids.filter((_, n) => runs[n]?.finishedAt === null);
}
