import { isTerminalRun, type RunId, type RunState } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { AppendResult, Clock, EventLog, Fence } from '@kb-labs/ports';
import { foldRun } from '@kb-labs/projector';

import { RunDraft } from './run-draft.js';

const MAX_TRIES = 200;
const MAX_KEPT = 256;

export type DecideDeps = { readonly log: EventLog; readonly clock: Clock };

/** What became of a decision: the state after it, or why it was refused. `undefined`: there was nothing to decide. */
export type Decided =
  | { readonly ok: true; readonly state: RunState }
  | { readonly ok: false; readonly refused: Exclude<(AppendResult & { ok: false })['refused'], 'conflict'> };

/**
 * The states of the runs a process works on. Kept from decision to decision, so that each reads only what is new in the
 * journal; decisions about one run wait for each other here instead of conflicting in the store.
 */
export class RunStates {
  readonly #deps: DecideDeps;
  readonly #states = new Map<RunId, RunState>();
  readonly #queues = new Map<RunId, Promise<unknown>>();

  constructor(deps: DecideDeps) {
    this.#deps = deps;
  }

  /** Reads a run's state. It is shared and changes with the next decision: take what you need before you wait. */
  read<T>(runId: RunId, take: (state: RunState) => T): Promise<T> {
    return this.#inTurn(runId, async () => take(await this.#refresh(runId)));
  }

  /**
   * Makes a decision and appends it, again with the newer state when another process came first. `make` adds events to the
   * draft; adding none means that there is nothing to decide.
   */
  decide(runId: RunId, make: (draft: RunDraft) => void, fence?: Fence): Promise<Decided> {
    return this.#inTurn(runId, async () => {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const draft = new RunDraft(await this.#refresh(runId), this.#deps.clock.now());
        this.#states.delete(runId);
        try {
          make(draft);
        } catch (thrown) {
          const refused = fence === undefined ? undefined : await this.#refusalOf(runId, fence);
          if (refused === undefined) throw thrown;
          return { ok: false, refused };
        }
        if (draft.events.length === 0) {
          this.#keep(draft.state);
          return { ok: true, state: draft.state };
        }
        const result = await this.#deps.log.append({ ...draft.toAppend(), ...(fence === undefined ? {} : { fence }) });
        if (result.ok) {
          if (result.seq === draft.state.seq) this.#keep(draft.state);
          return { ok: true, state: draft.state };
        }
        if (result.refused !== 'conflict') return { ok: false, refused: result.refused };
      }
      throw new AppError('APPEND_CONFLICT', { runId });
    });
  }

  forget(runId: RunId): void {
    this.#states.delete(runId);
  }

  /**
   * Why this lease may not write, if it may not. What a worker recorded before its job was taken over does not fit the
   * journal of whoever took it: that is a late writer, not a damaged state.
   */
  async #refusalOf(runId: RunId, fence: Fence): Promise<(Decided & { ok: false })['refused'] | undefined> {
    const result = await this.#deps.log.append({ runId, at: this.#deps.clock.now(), events: [], fence });
    return result.ok || result.refused === 'conflict' ? undefined : result.refused;
  }

  async #refresh(runId: RunId): Promise<RunState> {
    const known = this.#states.get(runId);
    this.#states.delete(runId);
    const events = await this.#deps.log.read(runId, known?.seq ?? 0);
    if (known === undefined && events.length === 0) throw new AppError('RUN_NOT_FOUND', { id: runId });
    const state = foldRun(runId, events, known);
    this.#keep(state);
    return state;
  }

  /** The runs decided on last. One that has ended is not decided on again. */
  #keep(state: RunState): void {
    this.#states.delete(state.id);
    if (isTerminalRun(state.status)) return;
    this.#states.set(state.id, state);
    if (this.#states.size <= MAX_KEPT) return;
    for (const oldest of this.#states.keys()) {
      this.#states.delete(oldest);
      return;
    }
  }

  #inTurn<T>(runId: RunId, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(runId) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#queues.set(runId, mine);
    const forgetQueue = (): void => {
      if (this.#queues.get(runId) === mine) this.#queues.delete(runId);
    };
    mine.then(forgetQueue, forgetQueue);
    return mine;
  }
}
