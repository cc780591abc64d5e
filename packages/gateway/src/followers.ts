import type { Page } from '@kb-labs/contracts';
import type { LogLineView, RunEventView } from '@kb-labs/contracts/http';
import { followApprovals, followEvents, type FollowedPage, followLogPages, followRuns } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';

import { formatLogPlace, parseLogPlace, parseSeq, type LogPlace } from './follow-places.js';
import { toEventView, toLogLineView } from './follow-views.js';
import type { Followers, GatewayDeps, RequestTo, StreamedEvent } from './handler.js';
import { toListRuns } from './list-query.js';
import { refuseLimit, sessionFollowers } from './session-followers.js';

/** Lines that are held for a client at once. */
const PAGE = 200;

/** What can be followed, one per row that has a stream. */
export const followers: Followers = {
  ...sessionFollowers,

  listRuns: ({ engine }, { query, caller }, { lastEventId: known, signal }) => {
    const { cursor, ...first } = query;
    refuseCursor(cursor);
    return pagesOf(followRuns(engine, toListRuns(first, caller.tenant), { signal, ...(known === undefined ? {} : { known }) }));
  },

  listApprovals: ({ engine }, { query, caller }, { lastEventId: known, signal }) => {
    const { cursor, ...first } = query;
    refuseCursor(cursor);
    return pagesOf(followApprovals(engine, { ...first, tenant: caller.tenant }, { signal, ...(known === undefined ? {} : { known }) }));
  },

  runEvents: (deps, { run, query }, { lastEventId = query.after, signal }) => {
    refuseLimit(query);
    const after = lastEventId === undefined ? 0 : parseSeq(lastEventId);
    return eventsOf(deps, { runId: run.id, after }, signal);
  },

  runLogs: (deps, request, { lastEventId = request.query.after, signal }) => {
    refuseLimit(request.query);
    const place = lastEventId === undefined ? { after: 0, skip: 0 } : parseLogPlace(lastEventId);
    return linesOf(deps, { request, place }, signal);
  },
};

/** The first page alone is followed: the others would move with every run that comes. */
function refuseCursor(cursor: string | undefined): void {
  if (cursor !== undefined) throw new AppError('REQUEST_INVALID', { problem: 'query.cursor: does not go with following' });
}

async function* pagesOf<Item>(pages: AsyncIterable<FollowedPage<Item>>): AsyncGenerator<StreamedEvent<Page<Item>>> {
  for await (const { digest, page } of pages) yield { id: digest, data: page };
}

async function* eventsOf({ engine }: GatewayDeps, query: { runId: string; after: number }, signal: AbortSignal): AsyncGenerator<StreamedEvent<RunEventView>> {
  for await (const event of followEvents(engine, query, signal)) yield { id: String(event.seq), data: toEventView(event) };
}

async function* linesOf({ engine }: GatewayDeps, { request, place }: { request: RequestTo<'runLogs'>; place: LogPlace }, signal: AbortSignal): AsyncGenerator<StreamedEvent<LogLineView>> {
  const { run, query } = request;
  const { after: _after, since, limit: _limit, ...filter } = query;
  const wanted = { runId: run.id, ...filter, limit: PAGE, after: place.after, ...(since === undefined ? {} : { since: Date.parse(since) }) };
  let { skip } = place;
  for await (const page of followLogPages(engine, wanted, signal)) {
    for (const [index, line] of page.lines.entries()) {
      if (index >= skip) yield { id: formatLogPlace({ after: page.after, skip: index + 1 }), data: toLogLineView(line) };
    }
    skip = Math.max(0, skip - page.lines.length);
  }
}
