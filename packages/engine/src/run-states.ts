import { isTerminalRun, type RunEvent, type RunId, type RunState } from '@kb-labs/contracts';
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

/** The state of a run as it was last seen here. */
interface Kept {
  readonly state: RunState;
  /** It has all that jobs of this process have recorded. */
  readonly hasOwn: boolean;
  /** It was not enough for a decision before: others decide about this run as well. */
  readonly shared: boolean;
}

interface Tried {
  readonly decided: Decided;
  readonly claimed: boolean;
}

/**
 * The states of the runs a process works on. Kept from decision to decision, so that each reads only what is new in the
 * journal; decisions about one run wait for each other here instead of conflicting in the store.
 */
export class RunStates implements Decider {
  readonly #deps: DecideDeps;
  readonly #states = new Map<RunId, Kept>();
  readonly #queues = new Map<RunId, Promise<unknown>>();

  constructor(deps: DecideDeps) {
    this.#deps = deps;
  }

  read<T>(runId: RunId, take: (state: RunState) => T): Promise<T> {
    return this.#inTurn(runId, async () => take((await this.#refresh(runId)).state));
  }

  decide(runId: RunId, make: (draft: RunDraft) => void, fence?: Fence): Promise<Decided> {
    return this.#decide(runId, () => this.#tryToDecide(runId, make, { fence, shared: this.#states.get(runId)?.shared ?? false }));
  }

  decideOwn(runId: RunId, make: (draft: RunDraft) => void, fence?: Fence): Promise<Decided> {
    return this.#decide(runId, async () => {
      const kept = this.#states.get(runId);
      if (kept?.hasOwn !== true || kept.shared) return this.#tryToDecide(runId, make, { fence, shared: kept?.shared ?? false });
      return (await this.#tryOn(kept.state, make, fence)) ?? this.#tryToDecide(runId, make, { fence, shared: true });
    });
  }

  note(runId: RunId, recorded: readonly RunEvent[]): void {
    const note = (): void => {
      const kept = this.#states.get(runId);
      const [first] = recorded;
      if (kept === undefined || first === undefined || first.seq <= kept.state.seq) return;
      // Others wrote in between: the next look at the journal finds both.
      if (first.seq > kept.state.seq + 1) this.#keep({ ...kept, hasOwn: false });
      else this.#keep({ ...kept, state: foldRun(runId, recorded, kept.state) });
    };
    if (this.#queues.has(runId)) void this.#inTurn(runId, () => Promise.resolve(note()));
    else note();
  }

  /** The state of a run that was begun in the write that created it. */
  know(state: RunState): void {
    if (!this.#queues.has(state.id)) this.#keep({ state, hasOwn: true, shared: false });
  }

  forget(runId: RunId): void {
    this.#states.delete(runId);
  }

  async #decide(runId: RunId, work: () => Promise<Tried>): Promise<Decided> {
    const { decided, claimed } = await this.#inTurn(runId, work);
    if (claimed) await makeWay(this, this.#deps, runId);
    return decided;
  }

  /** Decides on what is kept, without a look at the journal. `undefined`: that was not enough, or somebody else decided first. */
  async #tryOn(state: RunState, make: (draft: RunDraft) => void, fence: Fence | undefined): Promise<Tried | undefined> {
    const draft = await this.#draftOn(state);
    try {
      make(draft);
    } catch {
      return undefined;
    }
    return draft.events.length === 0 ? undefined : this.#store(draft, { fence, shared: false });
  }

  async #tryToDecide(runId: RunId, make: (draft: RunDraft) => void, { fence, shared }: { fence?: Fence | undefined; shared: boolean }): Promise<Tried> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const draft = await this.#draftOn((await this.#refresh(runId)).state);
      try {
        make(draft);
      } catch (thrown) {
        const refused = fence === undefined ? undefined : await this.#refusalOf(runId, fence);
        if (refused === undefined) throw thrown;
        return { decided: { ok: false, refused }, claimed: false };
      }
      if (draft.events.length === 0) {
        this.#keep({ state: draft.state, hasOwn: true, shared });
        return { decided: { ok: true, state: draft.state }, claimed: false };
      }
      const tried = await this.#store(draft, { fence, shared: shared || tries > 0 });
      if (tried !== undefined) return tried;
    }
    throw new AppError('APPEND_CONFLICT', { runId });
  }

  async #draftOn(state: RunState): Promise<RunDraft> {
    const digest = await digestFor(state);
    this.#states.delete(state.id);
    return new RunDraft(state, this.#deps.clock.now(), { matrixLimit: this.#deps.limits.matrixCombinations, digest });
  }

  /** `undefined` when another decision came first. */
  async #store(draft: RunDraft, { fence, shared }: { fence: Fence | undefined; shared: boolean }): Promise<Tried | undefined> {
    const result = await this.#append(draft, fence);
    if (result.ok) return { decided: { ok: true, state: await this.#caughtUp(draft, { head: result.seq, shared }) }, claimed: draft.claim.length > 0 };
    return result.refused === 'conflict' ? undefined : { decided: { ok: false, refused: result.refused }, claimed: false };
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
  async #caughtUp(draft: RunDraft, { head, shared }: { head: number; shared: boolean }): Promise<RunState> {
    const { state } = draft;
    const missed = head - state.seq;
    if (missed > 0 && !isTerminalRun(state.status)) {
      const events = await this.#deps.log.read(state.id, draft.expected, missed);
      const later = events.map((event, index) => ({ ...event, seq: state.seq + 1 + index }));
      this.#keep({ state: foldRun(state.id, later, state), hasOwn: true, shared });
    } else this.#keep({ state, hasOwn: true, shared });
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

  async #refresh(runId: RunId): Promise<Kept> {
    const known = this.#states.get(runId);
    this.#states.delete(runId);
    const events = await this.#deps.log.read(runId, known?.state.seq ?? 0);
    if (known === undefined && events.length === 0) throw new AppError('RUN_NOT_FOUND', { id: runId });
    const kept = { state: foldRun(runId, events, known?.state), hasOwn: true, shared: known?.shared ?? false };
    this.#keep(kept);
    return kept;
  }

  /** The runs decided on last. One that has ended is not decided on again. */
  #keep(kept: Kept): void {
    const { id, status } = kept.state;
    this.#states.delete(id);
    if (isTerminalRun(status)) return;
    this.#states.set(id, kept);
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
