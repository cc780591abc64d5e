import { isTerminalRun, type RunId, type RunState } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Append, AppendResult, Fence } from '@kb-labs/ports';
import { foldRun } from '@kb-labs/projector';

import type { DecideDeps, Decided, Decider } from './decider.js';
import { digestFor } from './keep-results.js';
import { makeWay } from './make-way.js';
import { RunDraft } from './run-draft.js';
import { ticketAfterEnd } from './ticket-after-end.js';

const MAX_TRIES = 200;
const MAX_KEPT = 256;

/**
 * The states of the runs a process works on. Kept from decision to decision, so that each reads only what is new in the
 * journal; decisions about one run wait for each other here instead of conflicting in the store.
 */
export class RunStates implements Decider {
  readonly #deps: DecideDeps;
  readonly #states = new Map<RunId, RunState>();
  readonly #queues = new Map<RunId, Promise<unknown>>();

  constructor(deps: DecideDeps) {
    this.#deps = deps;
  }

  read<T>(runId: RunId, take: (state: RunState) => T): Promise<T> {
    return this.#inTurn(runId, async () => take(await this.#refresh(runId)));
  }

  async decide(runId: RunId, make: (draft: RunDraft) => void, fence?: Fence): Promise<Decided> {
    const { decided, claimed } = await this.#inTurn(runId, () => this.#tryToDecide(runId, make, fence));
    if (claimed) await makeWay(this, this.#deps, runId);
    return decided;
  }

  forget(runId: RunId): void {
    this.#states.delete(runId);
  }

  async #tryToDecide(runId: RunId, make: (draft: RunDraft) => void, fence?: Fence): Promise<{ decided: Decided; claimed: boolean }> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const state = await this.#refresh(runId);
      const digest = await digestFor(state);
      const draft = new RunDraft(state, this.#deps.clock.now(), { matrixLimit: this.#deps.limits.matrixCombinations, digest });
      this.#states.delete(runId);
      try {
        make(draft);
      } catch (thrown) {
        const refused = fence === undefined ? undefined : await this.#refusalOf(runId, fence);
        if (refused === undefined) throw thrown;
        return { decided: { ok: false, refused }, claimed: false };
      }
      if (draft.events.length === 0) {
        this.#keep(draft.state);
        return { decided: { ok: true, state: draft.state }, claimed: false };
      }
      const result = await this.#append(draft, fence);
      if (result.ok) return { decided: { ok: true, state: await this.#caughtUp(draft, result.seq) }, claimed: draft.claim.length > 0 };
      if (result.refused !== 'conflict') return { decided: { ok: false, refused: result.refused }, claimed: false };
    }
    throw new AppError('APPEND_CONFLICT', { runId });
  }

  async #append(draft: RunDraft, fence: Fence | undefined): Promise<AppendResult> {
    const after = isTerminalRun(draft.state.status) ? await ticketAfterEnd(this.#deps, draft.state, draft.at) : undefined;
    if (after !== undefined) draft.enqueue.push(after);
    const append: Append = draft.toAppend();
    return this.#deps.log.append(fence === undefined ? append : { ...append, fence });
  }

  /**
   * The state of the journal up to what was just appended. Records of other jobs can stand before it in the journal: they
   * have nothing to do with the decision, so it is all the same that the state gets them after it.
   */
  async #caughtUp(draft: RunDraft, head: number): Promise<RunState> {
    const { state } = draft;
    const missed = head - state.seq;
    if (missed > 0 && !isTerminalRun(state.status)) {
      const events = await this.#deps.log.read(state.id, draft.expected, missed);
      const later = events.map((event, index) => ({ ...event, seq: state.seq + 1 + index }));
      this.#keep(foldRun(state.id, later, state));
    } else this.#keep(state);
    return state;
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
