import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';

import { client } from '../../api/client.js';
import { useStream } from '../../api/use-stream.js';
import { LogStore } from './log-store.js';

/** The first page is there soon; those behind it are the largest there are. */
const FIRST_PAGE = 500;
const PAGE = 5_000;

/** The log that was read last: whoever comes back to it from another tab does not wait for it again. */
let kept: KeptLog | undefined;

interface KeptLog {
  readonly runId: string;
  readonly store: LogStore;
  /** Behind the last page that was read. */
  after?: string;
}

function keptLogOf(runId: string): KeptLog {
  if (kept?.runId !== runId) kept = { runId, store: new LogStore({ frame: (tell) => requestAnimationFrame(tell) }) };
  return kept;
}

export interface LoadedLog {
  readonly store: LogStore;
  /** Another one after every change of the store. */
  readonly version: number;
  /** Everything that was printed before the page was opened is here. */
  readonly loaded: boolean;
  readonly problem: unknown;
  readonly retry: () => void;
}

/** The whole log of a run: what there is page by page, then every line as it is printed, to the end of the run. */
export function useLog(runId: string): LoadedLog {
  const [attempt, setAttempt] = useState(0);
  const log = useMemo(() => keptLogOf(runId), [runId]);
  const { store } = log;
  const [read, setRead] = useState<{ readonly store: LogStore; readonly attempt: number; readonly after?: string; readonly problem?: unknown }>();
  useEffect(() => {
    const stop = new AbortController();
    void readPages(log, stop.signal).then(
      () => {
        if (!stop.signal.aborted) setRead({ store, attempt, ...(log.after === undefined ? {} : { after: log.after }) });
      },
      (problem: unknown) => {
        if (!stop.signal.aborted) setRead({ store, attempt, problem });
      },
    );
    return () => {
      stop.abort();
    };
  }, [log, store, attempt]);
  const own = read?.store === store && read.attempt === attempt ? read : undefined;
  const loaded = own !== undefined && own.problem === undefined;
  useStream({
    name: 'runLogs',
    request: { params: { id: runId }, ...(own?.after === undefined ? {} : { query: { after: own.after } }) },
    enabled: loaded && !store.full,
    onEvent: ({ data }) => {
      store.append([data]);
    },
  });
  const version = useSyncExternalStore(store.subscribe, () => store.version);
  return {
    store,
    version,
    loaded,
    problem: own?.problem,
    retry: () => {
      setAttempt((count) => count + 1);
    },
  };
}

/** Reads to the last page there is; behind it, lines are followed. */
async function readPages(log: KeptLog, signal: AbortSignal): Promise<void> {
  const { runId, store } = log;
  while (!store.full) {
    const page = await client.call('runLogs', { params: { id: runId }, query: log.after === undefined ? { limit: FIRST_PAGE } : { limit: PAGE, after: log.after }, signal });
    store.append(page.items);
    log.after = page.cursor;
    if (page.nextCursor === undefined) break;
  }
}
