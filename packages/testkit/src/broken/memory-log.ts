import { isTerminalRun, type RunEventBody, type RunId, type RunSummary } from '@kb-labs/contracts';
import type { Append, AppendResult, Begin, Create, CreateResult, EventLog, Lease, RunChange } from '@kb-labs/ports';

import { dropClaimsOf, endClaims, placeClaims } from './memory-claims.js';
import { referTo } from './memory-retention.js';
import type { MemoryRun, MemoryState } from './memory-state.js';
import { changeWaits, dropWaitsOf } from './memory-waits.js';

export function eventLogOf(state: MemoryState): EventLog {
  return {
    append: (command) => Promise.resolve(append(state, copy(command))),
    create: (command, begin) => Promise.resolve(create(state, copy(command), begin)),
    read: (runId, after, limit) => {
      const events = state.runs.get(runId)?.events ?? [];
      if (state.has('the range of a read is not looked at')) return Promise.resolve(copy(events));
      return Promise.resolve(copy(events.filter((event) => event.seq > after).slice(0, limit)));
    },
    watch: (runId, onChange) => (runId === null ? state.watch('runs', onChange) : state.watch(`run ${runId}`, () => onChange(changeOf(state, runId)))),
  };
}

function changeOf(state: MemoryState, runId: RunId): RunChange {
  const decided = state.runs.get(runId)?.decided ?? 0;
  return { decided: state.has('an older decision is told') ? decided - 1 : decided, ended: state.isEnded(runId) };
}

function append(state: MemoryState, command: Append): AppendResult {
  const run = state.runs.get(command.runId);
  if (run === undefined && state.has('runs that do not exist are opened')) return { ok: true, seq: 1 };
  if (run === undefined) return { ok: false, refused: 'absent' };
  const refused = refusalOf(state, run, command);
  if (refused === undefined || state.has('references of a refused append count')) referTo(state, run, command.blobs);
  if (refused === undefined || state.has('a refused append is written')) write(state, run, command);
  if (refused !== undefined) return { ok: false, refused };
  state.tell(`run ${command.runId}`, 'runs');
  return { ok: true, seq: run.events.length };
}

function refusalOf(state: MemoryState, run: MemoryRun, command: Append): 'fenced' | 'closed' | 'conflict' | undefined {
  const { fence, expected } = command;
  if (state.has('refusals are named in another order') && state.isEnded(command.runId)) return 'closed';
  if (fence !== undefined && !state.has('fences are not looked at') && !state.isHeld(fence)) return 'fenced';
  if (command.fences?.some((one, index) => !state.isHeld(one) && !(index > 0 && state.has('one of several fences is looked at'))) === true) return 'fenced';
  if (state.isEnded(command.runId) && !state.has('a run goes on after its end')) return 'closed';
  if (expected === undefined || state.has('expected is not looked at')) return undefined;
  const decided = state.has('records make decisions conflict') ? run.events.length : run.decided;
  return expected < decided ? 'conflict' : undefined;
}

function write(state: MemoryState, run: MemoryRun, command: Append): void {
  push(state, run, command);
  if (command.expected !== undefined) run.decided = run.events.length;
  if (command.summary !== undefined && !state.has('summaries stay as they were')) run.summary = changed(state, run.summary, command.summary);
  follow(state, run, command);
  if (state.isEnded(command.runId)) run.endedAt ??= run.summary.finishedAt ?? command.at;
}

function changed(state: MemoryState, before: RunSummary, after: RunSummary): RunSummary {
  return state.has('a run can leave its tree') ? after : { ...before, status: after.status, startedAt: after.startedAt, finishedAt: after.finishedAt };
}

function follow(state: MemoryState, run: MemoryRun, command: Append): void {
  const { runId } = command;
  const ends = command.summary !== undefined && isTerminalRun(run.summary.status);
  const claimsFirst = state.has('claims are taken before others are given up');
  if (claimsFirst) placeClaims(state, runId, command.claim ?? []);
  endClaims(state, runId, command.unclaim ?? []);
  if (!claimsFirst) placeClaims(state, runId, command.claim ?? []);
  changeWaits(state, command);
  for (const id of command.settle ?? []) if (state.tickets.get(id)?.lease !== undefined) state.tellOfRoom();
  for (const id of command.settle ?? []) state.tickets.delete(id);
  if (ends && !state.has('runs that have ended are queued for')) {
    dropClaimsOf(state, runId);
    dropWaitsOf(state, runId);
    dropTickets(state, runId);
  }
  if (state.has('tickets of an append are dropped') || (ends && state.has('the last tickets of a run are dropped'))) return;
  state.queue(command.enqueue ?? [], { ...(ends ? { evenEnded: runId } : {}), claims: command.claim });
}

function create(state: MemoryState, command: Create, begin?: Begin): CreateResult {
  const { runId, idempotency } = command;
  const kept = idempotency === undefined || state.has('a key opens a second run') ? undefined : state.keys.get(idempotency.key);
  const known = kept === undefined || kept.keepUntil < command.at ? undefined : kept;
  if (known !== undefined && known.digest !== idempotency?.digest) return { ok: false, refused: 'key-conflict' };
  if (known !== undefined) return { ok: true, runId: known.runId, repeated: true };
  if (state.runs.has(runId) && !state.has('a repeated run id starts over')) return { ok: true, runId, repeated: true };
  const open = [...state.runs.keys()].filter((id) => !state.isEnded(id)).length;
  if (open >= command.maxOpenRuns && !state.has('open runs are not counted')) return { ok: false, refused: 'full' };

  if (idempotency !== undefined) state.keys.set(idempotency.key, { runId, digest: idempotency.digest, keepUntil: idempotency.keepUntil });
  const run: MemoryRun = { events: [], lines: [], summary: command.summary, decided: command.events.length, blobs: new Map(), artifactBytes: 0 };
  if (!state.has('blobs of an opened run are dropped')) referTo(state, run, command.blobs);
  if (isTerminalRun(command.summary.status)) run.endedAt = command.summary.finishedAt ?? command.at;
  push(state, run, command);
  state.runs.set(runId, run);
  if (!isTerminalRun(command.summary.status) && !state.has('claims of an opened run are dropped')) placeClaims(state, runId, command.claim ?? []);
  if (begin !== undefined) state.begins.set(begin.ticket, begin);
  if (!state.has('tickets of an opened run are dropped')) state.queue(command.enqueue, { evenEnded: runId, claims: command.claim });
  if (begin !== undefined && !state.has('what was not handed out with its run is begun later')) state.begins.delete(begin.ticket);
  state.tell(`run ${runId}`, 'runs');
  return { ok: true, runId, repeated: false };
}

/** Whether what was prepared for this hand-out was done. */
export function beginJob(state: MemoryState, lease: Lease): boolean {
  const begin = state.begins.get(lease.id);
  if (begin === undefined || (begin.worker !== lease.worker && !state.has('whoever is handed a prepared job begins it'))) return false;
  const token = state.has('a job that is begun names no token') ? 0 : lease.token;
  const events = begin.append.events.map((event) => (event.type === 'job.started' ? { ...event, token } : event));
  append(state, copy({ ...begin.append, events, fence: { ticket: lease.id, token: lease.token } }));
  begin.begun(lease);
  return !state.has('who begins a job is handed it as well');
}

function push(state: MemoryState, run: MemoryRun, command: { events: readonly RunEventBody[]; at: number }): void {
  const first = state.has('events are numbered from 0') ? 0 : 1;
  for (const event of command.events) {
    run.events.push({ ...event, seq: run.events.length + first, at: command.at });
    // Assigning, unlike copying, takes a key named "__proto__" for the prototype.
    if (state.has('values lose their odd keys') && 'outputs' in event) Object.assign(run.events.at(-1) ?? {}, { outputs: Object.assign({}, event.outputs) });
  }
}

function dropTickets(state: MemoryState, runId: RunId): void {
  for (const [id, { ticket }] of state.tickets) if (ticket.runId === runId) state.tickets.delete(id);
}

/** By way of text, as a real store would. */
function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
