import { isTerminalRun, type RunEvent, type RunId, type RunState } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Append, AppendResult, Fence } from '@kb-labs/ports';
import { foldRun } from '@kb-labs/projector';

import type { DecideDeps, Decided, Decider } from './decider.js';
import { digestFor } from './keep-results.js';
import { makeWay } from './make-way.js';
import { isPassing } from './passing.js';
import { RunDraft } from './run-draft.js';
import { ticketAfterEnd } from './ticket-after-end.js';
import { Turns } from './turns.js';

const MAX_TRIES = 200;
const MAX_KEPT = 256;
/** As many decisions as are one append. */
const MOST_TOGETHER = 64;

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

interface Read {
  readonly wants: 'state';
  readonly take: (state: RunState) => void;
  readonly reject: (thrown: unknown) => void;
}

interface Decision {
  readonly wants: 'decision';
  readonly make: (draft: RunDraft) => void;
  readonly fence: Fence | undefined;
  /** It needs no look at the journal while this process alone decides about the run. */
  readonly own: boolean;
  readonly resolve: (tried: Tried) => void;
  readonly reject: (thrown: unknown) => void;
}

interface Note {
  readonly wants: 'nothing';
  readonly recorded: readonly RunEvent[];
}

/** Told of the journals as they become known here: all events from `after` on, up to `upTo`, but for records. */
export interface JournalFollower {
  follow(runId: RunId, span: { readonly after: number; readonly upTo: number }, events: readonly RunEvent[]): void;
}

/**
 * The states of the runs a process works on. Kept from decision to decision, so that each reads only what is new in the
 * journal; decisions about one run wait for each other here instead of conflicting in the store, and those that have come up
 * meanwhile are one append.
 */
export class RunStates implements Decider {
  readonly #deps: DecideDeps;
  readonly #follower: JournalFollower | undefined;
  readonly #states = new Map<RunId, Kept>();
  readonly #turns = new Turns<RunId, Read | Decision | Note>((runId, items) => this.#turn(runId, items));

  constructor(deps: DecideDeps, follower?: JournalFollower) {
    this.#deps = deps;
    this.#follower = follower;
  }

  read<T>(runId: RunId, take: (state: RunState) => T): Promise<T> {
    return new Promise((resolve, reject) => this.#turns.add(runId, { wants: 'state', take: (state) => resolve(take(state)), reject }));
  }

  decide(runId: RunId, make: (draft: RunDraft) => void, fence?: Fence): Promise<Decided> {
    return this.#decide(runId, { make, fence, own: false });
  }

  decideOwn(runId: RunId, make: (draft: RunDraft) => void, fence?: Fence): Promise<Decided> {
    return this.#decide(runId, { make, fence, own: true });
  }

  note(runId: RunId, recorded: readonly RunEvent[]): void {
    if (this.#turns.isUnderWay(runId)) this.#turns.add(runId, { wants: 'nothing', recorded });
    else this.#note(runId, recorded);
  }

  /** The state of a run that was begun in the write that created it. */
  know(state: RunState): void {
    if (!this.#turns.isUnderWay(state.id)) this.#keep({ state, hasOwn: true, shared: false });
  }

  forget(runId: RunId): void {
    this.#states.delete(runId);
  }

  async #decide(runId: RunId, wanted: Pick<Decision, 'make' | 'fence' | 'own'>): Promise<Decided> {
    const { decided, claimed } = await new Promise<Tried>((resolve, reject) => this.#turns.add(runId, { wants: 'decision', ...wanted, resolve, reject }));
    if (claimed) await makeWay(this, this.#deps, runId);
    return decided;
  }

  async #turn(runId: RunId, items: readonly (Read | Decision | Note)[]): Promise<void> {
    for (const item of items) if (item.wants === 'nothing') this.#note(runId, item.recorded);
    const reads = items.filter((item) => item.wants === 'state');
    let isFresh = reads.length > 0 && (await this.#serve(runId, reads));
    let left = items.filter((item) => item.wants === 'decision');
    while (left.length > 0) {
      const some = left.slice(0, MOST_TOGETHER);
      const done = some.length === 1 ? 0 : await this.#tryTogether(runId, some, isFresh);
      if (done === 0) for (const decision of some) await this.#tryAlone(runId, decision).then(decision.resolve, decision.reject);
      left = left.slice(done === 0 ? some.length : done);
      isFresh = false;
    }
  }

  #note(runId: RunId, recorded: readonly RunEvent[]): void {
    const kept = this.#states.get(runId);
    const [first] = recorded;
    if (kept === undefined || first === undefined || first.seq <= kept.state.seq) return;
    // Others wrote in between: the next look at the journal finds both.
    if (first.seq > kept.state.seq + 1) this.#keep({ ...kept, hasOwn: false });
    else {
      this.#tell(runId, kept.state.seq, recorded);
      this.#keep({ ...kept, state: foldRun(runId, recorded, kept.state) });
    }
  }

  /** One look at the journal for all who want one. */
  async #serve(runId: RunId, reads: readonly Read[]): Promise<boolean> {
    let state: RunState;
    try {
      ({ state } = await this.#refresh(runId));
    } catch (thrown) {
      for (const { reject } of reads) reject(thrown);
      return false;
    }
    for (const { take, reject } of reads) {
      try {
        take(state);
      } catch (thrown) {
        reject(thrown);
      }
    }
    return true;
  }

  /**
   * Makes several decisions as one. Answers how many of them are made, from the front: none when one of them is refused, or cannot be made, which
   * is not to be in the way of the others.
   */
  async #tryTogether(runId: RunId, decisions: readonly Decision[], isFresh: boolean): Promise<number> {
    try {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const kept = this.#states.get(runId);
        const isEnough = kept !== undefined && (isFresh ? tries === 0 : kept.hasOwn && !kept.shared && decisions.every(({ own }) => own));
        const { state, shared } = isEnough ? kept : await this.#refresh(runId);
        const draft = await this.#draftOn(state);
        const claimed: boolean[] = [];
        for (const { make } of decisions) {
          if (isTerminalRun(draft.state.status)) break;
          const before = draft.claim.length;
          make(draft);
          claimed.push(draft.claim.length > before);
        }
        const made = decisions.slice(0, claimed.length);
        const fences = made.flatMap(({ fence }) => fence ?? []);
        const tried = draft.events.length === 0 ? this.#left(draft, shared) : await this.#store(draft, { fences, shared: shared || tries > 0 });
        if (tried === undefined) continue;
        if (!tried.decided.ok) return 0;
        made.forEach(({ resolve }, index) => resolve({ decided: tried.decided, claimed: claimed[index] ?? false }));
        return made.length;
      }
    } catch (thrown) {
      // Nobody knows whether it is in the journal, or it is not and will not be by being asked for once more each.
      if (!isPassing(thrown)) return 0;
      for (const { reject } of decisions) reject(thrown);
      return decisions.length;
    }
    return 0;
  }

  async #tryAlone(runId: RunId, { make, fence, own }: Decision): Promise<Tried> {
    const kept = this.#states.get(runId);
    const shared = kept?.shared ?? false;
    if (!own || kept?.hasOwn !== true || shared) return await this.#tryToDecide(runId, make, { fence, shared });
    return (await this.#tryOn(kept.state, make, fence)) ?? this.#tryToDecide(runId, make, { fence, shared: true });
  }

  /** Decides on what is kept, without a look at the journal. `undefined`: that was not enough, or somebody else decided first. */
  async #tryOn(state: RunState, make: (draft: RunDraft) => void, fence: Fence | undefined): Promise<Tried | undefined> {
    const draft = await this.#draftOn(state);
    try {
      make(draft);
    } catch {
      return undefined;
    }
    return draft.events.length === 0 ? undefined : await this.#store(draft, { fences: fence === undefined ? [] : [fence], shared: false });
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
      if (draft.events.length === 0) return this.#left(draft, shared);
      const tried = await this.#store(draft, { fences: fence === undefined ? [] : [fence], shared: shared || tries > 0 });
      if (tried !== undefined) return tried;
    }
    throw new AppError('APPEND_CONFLICT', { runId });
  }

  async #draftOn(state: RunState): Promise<RunDraft> {
    const digest = await digestFor(state);
    this.#states.delete(state.id);
    return new RunDraft(state, this.#deps.clock.now(), { matrixLimit: this.#deps.limits.matrixCombinations, digest });
  }

  /** There was nothing to decide. */
  #left({ state }: RunDraft, shared: boolean): Tried {
    this.#keep({ state, hasOwn: true, shared });
    return { decided: { ok: true, state }, claimed: false };
  }

  /** `undefined` when another decision came first. */
  async #store(draft: RunDraft, { fences, shared }: { fences: readonly Fence[]; shared: boolean }): Promise<Tried | undefined> {
    const result = await this.#append(draft, fences);
    if (result.ok) return { decided: { ok: true, state: await this.#caughtUp(draft, { head: result.seq, shared }) }, claimed: draft.claim.length > 0 };
    return result.refused === 'conflict' ? undefined : { decided: { ok: false, refused: result.refused }, claimed: false };
  }

  async #append(draft: RunDraft, fences: readonly Fence[]): Promise<AppendResult> {
    const after = isTerminalRun(draft.state.status) ? await ticketAfterEnd(this.#deps, draft.state, draft.at) : undefined;
    if (after !== undefined) draft.enqueue.push(after);
    const append: Append = draft.toAppend();
    const [fence] = fences;
    if (fence === undefined) return await this.#deps.log.append(append);
    return await this.#deps.log.append(fences.length === 1 ? { ...append, fence } : { ...append, fences });
  }

  /**
   * The state of the journal up to what was just appended. Records of other jobs can stand before it in the journal: they
   * have nothing to do with the decision, so it is all the same that the state gets them after it.
   */
  async #caughtUp(draft: RunDraft, { head, shared }: { head: number; shared: boolean }): Promise<RunState> {
    const { state } = draft;
    const missed = head - state.seq;
    const first = head - draft.events.length + 1;
    this.#tell(state.id, draft.expected, draft.events.map((event, index) => ({ ...event, seq: first + index, at: draft.at })));
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
    if (events.length > 0) this.#tell(runId, known?.state.seq ?? 0, events);
    const kept = { state: foldRun(runId, events, known?.state), hasOwn: true, shared: known?.shared ?? false };
    this.#keep(kept);
    return kept;
  }

  #tell(runId: RunId, after: number, events: readonly RunEvent[]): void {
    const upTo = events.at(-1)?.seq;
    if (upTo !== undefined) this.#follower?.follow(runId, { after, upTo }, events);
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
}
