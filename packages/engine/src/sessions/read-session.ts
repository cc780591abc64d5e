import { type AgentView, OWN_ID, type Page, type SessionView } from '@kb-labs/contracts';
import { AppError, hasCode } from '@kb-labs/errors';
import { sessionOfAgent } from '@kb-labs/projector';

import { pageLimit } from '../page-limit.js';
import { advanceSession, type SessionDeps } from './advance-session.js';
import { type KeptSession, requireSession, SESSION_KIND, type SessionRef } from './session-record.js';
import { toAgentView, toSessionView } from './session-view.js';
import { requireKept } from './sidechain.js';

/** A session. Whoever reads it looks as well whether its turn has come. Fails with `SESSION_NOT_FOUND`. */
export async function readSession(deps: SessionDeps, ref: SessionRef): Promise<SessionView> {
  return toSessionView(await readAdvanced(deps, ref));
}

/** Who carries out what a session is asked for. Fails with `AGENT_NOT_FOUND`. */
export async function readAgent(deps: SessionDeps, { id, tenant }: { readonly id: string; readonly tenant: string }): Promise<AgentView> {
  const sessionId = sessionOfAgent(id);
  try {
    if (sessionId !== undefined) return toAgentView(await readAdvanced(deps, { sessionId, tenant }));
  } catch (thrown) {
    if (!hasCode(thrown, 'SESSION_NOT_FOUND')) throw thrown;
  }
  throw new AppError('AGENT_NOT_FOUND', { id });
}

export interface ListSessions {
  readonly tenant: string;
  /** Only those that people opened, or that runs have made. */
  readonly kind?: SessionView['kind'];
  /** Of an earlier page. */
  readonly cursor?: string;
  /** 1 to 200, 20 when left out. */
  readonly limit?: number;
}

/** Sessions by their ids, the last first: of those whose ids were made here, the newest. */
export async function listSessions(deps: SessionDeps, query: ListSessions): Promise<Page<SessionView>> {
  return pageOf(await listKept(deps, query), toSessionView);
}

/** The agents of sessions, in their order. */
export async function listAgents(deps: SessionDeps, query: ListSessions): Promise<Page<AgentView>> {
  return pageOf(await listKept(deps, query), toAgentView);
}

/** Ids of sidechains stand together: nobody else's begin so. */
const SIDECHAINS = 'sc-';

async function listKept(deps: SessionDeps, { tenant, kind, cursor, limit }: ListSessions): Promise<Page<KeptSession>> {
  const most = pageLimit(limit);
  if (cursor !== undefined && !OWN_ID.test(cursor)) throw new AppError('USAGE', { problem: `"${cursor}" is no cursor of a page` });
  const prefix = `${tenant}/`;
  const found: KeptSession[] = [];
  for (let after = cursor; found.length <= most; ) {
    const page = await SESSION_KIND.list(deps.records, { prefix: kind === 'sidechain' ? prefix + SIDECHAINS : prefix, descending: true, limit: most + 1, ...(after === undefined ? {} : { after: prefix + after }) });
    const sessions = page.map(({ key, version, value }): KeptSession => ({ id: key.slice(prefix.length), tenant, version, value }));
    const skips = kind === 'session' ? sessions.findIndex(({ id }) => id.startsWith(SIDECHAINS)) : -1;
    found.push(...(skips === -1 ? sessions : sessions.slice(0, skips)));
    if (skips === -1 && page.length <= most) break;
    after = skips === -1 ? sessions.at(-1)?.id : SIDECHAINS;
  }
  const items = await Promise.all(found.slice(0, most).map(async (kept) => (kept.value.active === null ? kept : readAdvanced(deps, { sessionId: kept.id, tenant }))));
  const last = found.length > most ? items.at(-1) : undefined;
  return { items, ...(last === undefined ? {} : { nextCursor: last.id }) };
}

async function readAdvanced(deps: SessionDeps, ref: SessionRef): Promise<KeptSession> {
  const kept = await requireKept(deps, ref);
  if (kept.value.active === null) return kept;
  await advanceSession(deps, ref);
  return requireSession(deps, ref);
}

function pageOf<Item>(page: Page<KeptSession>, toView: (kept: KeptSession) => Item): Page<Item> {
  return { ...page, items: page.items.map(toView) };
}
