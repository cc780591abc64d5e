import type { RunId } from '@kb-labs/contracts';
import type { Append, OpenWait, WaitQuery } from '@kb-labs/ports';

import type { MemoryState } from './memory-state.js';

export function changeWaits(state: MemoryState, command: Append): void {
  const { runId, waits } = command;
  if (waits === undefined || state.has('waits are forgotten')) return;
  const close = (): void => {
    if (!state.has('waits never end')) keep(state, (wait) => wait.runId !== runId || !waits.close.some((each) => each.job === wait.job));
  };
  if (!state.has('waits are opened before others are closed')) close();
  for (const wait of waits.open) {
    const known = state.waits.some((each) => each.runId === runId && each.job === wait.job && each.step === wait.step);
    if (known && !state.has('a wait is opened twice')) continue;
    state.cursor += 1;
    const tenant = state.runs.get(runId)?.summary.tenant ?? '';
    state.waits.push({ ...wait, runId, tenant, cursor: state.cursor, since: command.at });
  }
  if (state.has('waits are opened before others are closed')) close();
}

export function dropWaitsOf(state: MemoryState, runId: RunId): void {
  if (!state.has('waits outlive their run')) keep(state, (wait) => wait.runId !== runId);
}

export function listWaits(state: MemoryState, query: WaitQuery): OpenWait[] {
  const after = (query.after ?? 0) - (state.has('a page of waits repeats one') ? 1 : 0);
  return state.waits.filter((wait) => wait.cursor > after && (state.has('wait filters are not looked at') || fits(wait, query))).slice(0, query.limit);
}

function keep(state: MemoryState, wanted: (wait: OpenWait) => boolean): void {
  state.waits.splice(0, state.waits.length, ...state.waits.filter(wanted));
}

function fits(wait: OpenWait, query: WaitQuery): boolean {
  if (query.tenant !== undefined && wait.tenant !== query.tenant) return false;
  if (query.runId !== undefined && wait.runId !== query.runId) return false;
  if (query.name !== undefined && wait.name !== query.name) return false;
  return query.kind === undefined || wait.kind === query.kind;
}
