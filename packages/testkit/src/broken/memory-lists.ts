import { isTerminalRun, type LogLine, type RunStatus } from '@kb-labs/contracts';
import type { Catalog, Fence, LogPage, LogQuery, StepLogs } from '@kb-labs/ports';

import type { MemoryRun, MemoryState } from './memory-state.js';
import { listWaits } from './memory-waits.js';

export function catalogOf(state: MemoryState): Catalog {
  return {
    getRun: (runId) => Promise.resolve(state.runs.get(runId)?.summary),
    listRuns(query) {
      const runs = [...state.runs.values()].map((run) => run.summary).sort((a, b) => (a.id < b.id ? 1 : -1));
      if (state.has('runs are listed oldest first')) runs.reverse();
      const fitting = runs.filter((run) => {
        if (query.tenant !== undefined && run.tenant !== query.tenant && !state.has('tenants are not looked at')) return false;
        if (query.workflowId !== undefined && run.workflowId !== query.workflowId) return false;
        if (query.status !== undefined && run.status !== query.status) return false;
        if (query.since !== undefined && run.createdAt < query.since && !state.has('since is not looked at')) return false;
        if (query.until !== undefined && run.createdAt >= query.until && !state.has('until is not looked at')) return false;
        if (query.before === undefined) return true;
        return state.has('a list page repeats a run') ? run.id <= query.before : run.id < query.before;
      });
      return Promise.resolve(fitting.slice(0, query.limit));
    },
    countOpen: () => Promise.resolve(countOpen(state)),
    listWaits: (query) => Promise.resolve(listWaits(state, query)),
    openRuns(page) {
      const open = [...state.runs].filter(([id, run]) => (!isTerminalRun(run.summary.status) || state.has('ended runs are listed as open')) && id > (page.after ?? ''));
      return Promise.resolve(open.map(([id]) => id).sort().slice(0, page.limit));
    },
  };
}

function countOpen(state: MemoryState): Partial<Record<RunStatus, number>> {
  const counts: Partial<Record<RunStatus, number>> = {};
  for (const { summary } of state.runs.values()) {
    if (isTerminalRun(summary.status) && !state.has('ended runs count as open')) continue;
    counts[summary.status] = (counts[summary.status] ?? 0) + 1;
  }
  return counts;
}

export function stepLogsOf(state: MemoryState): StepLogs {
  return {
    append(runId, fence, lines) {
      const run = state.runs.get(runId);
      if (run === undefined || !mayWrite(state, fence)) return Promise.resolve(false);
      return store(state, run, lines).then(() => {
        state.tell(`log ${runId}`);
        return true;
      });
    },
    lastLine: (runId, job, step) => Promise.resolve(lastOf(state, state.runs.get(runId)?.lines ?? [], { job, step })),
    read: (runId, query) => Promise.resolve(readPage(state, state.runs.get(runId)?.lines ?? [], query)),
    watch: (runId, onChange) => state.watch(`log ${runId}`, onChange),
  };
}

function mayWrite(state: MemoryState, fence: Fence): boolean {
  return state.isHeld(fence) || state.has('lines are stored without a lease');
}

function store(state: MemoryState, run: MemoryRun, lines: readonly LogLine[]): Promise<void> {
  const before = run.lines.length;
  for (const line of lines) {
    if (line.n !== lastOf(state, run.lines, line) + 1 && !state.has('line numbers are not looked at')) {
      if (!state.has('half a batch is stored')) run.lines.length = before;
      return Promise.reject(Object.assign(new Error('out of order'), { code: 'STATE_CORRUPT' }));
    }
    run.lines.push(state.has('lines lose their odd characters') ? { ...line, text: line.text.replace(/\0.*/s, '') } : line);
  }
  return Promise.resolve();
}

function readPage(state: MemoryState, all: readonly LogLine[], query: LogQuery): LogPage {
  const after = query.after ?? 0;
  const start = state.has('a log page repeats a line') ? Math.max(after - 1, 0) : after;
  const fitting = all
    .map((line, index) => ({ line, cursor: index + 1 }))
    .filter(({ line, cursor }) => cursor > start && (state.has('log filters are not looked at') || fits(line, query)));
  const page = fitting.slice(0, state.has('a page of lines is cut short') ? Math.min(query.limit, 1_000) : query.limit);
  const more = fitting.length > query.limit;
  return { lines: page.map(({ line }) => line), cursor: more ? (page.at(-1)?.cursor ?? after) : all.length, more };
}

function fits(line: LogLine, query: LogQuery): boolean {
  if (query.job !== undefined && line.job !== query.job) return false;
  if (query.step !== undefined && line.step !== query.step) return false;
  return query.since === undefined || line.at >= query.since;
}

function lastOf(state: MemoryState, lines: readonly LogLine[], place: { job: string; step: string }): number {
  if (state.has('steps share their numbers')) return lines.at(-1)?.n ?? 0;
  return lines.findLast((line) => line.job === place.job && line.step === place.step)?.n ?? 0;
}
