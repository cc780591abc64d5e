import type { RunId } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import type { Lease, StepCall, StepOutcome } from '@kb-labs/ports';

import { cancelRun } from './cancel-run.js';
import type { EngineDeps } from './deps.js';
import { failure, type Harness, openHarness, replacing, success } from './harness.fixture.js';
import { journalProblems } from './journal-problems.fixture.js';
import { type ManualClock, manualClock } from './manual-clock.fixture.js';
import { createWorker, type Worker } from './worker.js';

const LEASE_MS = 9_000;
/** Fewer than it takes to quarantine a run. */
const MOST_LOSSES = 2;
/** In steps of a second. Longer than any lease, retry and check interval of the workflows together. */
const IDLE_ROUNDS_MEAN_STUCK = 200;

const workflows: Readonly<Record<string, string>> = {
  'one.yml': 'id: one\njobs: { a: { steps: [{ uses: t/do:it, retry: { max: 1, initial: 0s } }] } }',
  'two.yml': 'id: two\njobs: { a: { steps: [{ uses: t/do:it, retry: { max: 2, initial: 2s } }, { uses: t/do:it, if: always() }] } }',
  'again.yml': 'id: again\njobs: { a: { retry: { max: 1, initial: 2s }, steps: [{ uses: t/do:it }, { uses: t/do:it }] }, b: { needs: a, steps: [{ uses: t/do:it }] } }',
  'pair.yml': 'id: pair\njobs: { a: { steps: [{ uses: t/do:it }] }, b: { steps: [{ uses: t/do:it, on-interrupt: fail }] }, c: { needs: [a, b], if: always(), steps: [{ uses: t/do:it }, { uses: t/do:it }] } }',
  'tidy.yml': 'id: tidy\njobs: { a: { steps: [{ uses: t/do:it }, { uses: t/do:it, if: always() }] }, b: { needs: a, if: cancelled(), retry: { max: 1, initial: 0s }, steps: [{ uses: t/do:it, retry: { max: 1, initial: 2s } }] } }',
};
const WORKFLOW_IDS = Object.keys(workflows).map((file) => file.replace('.yml', ''));

export interface Interleaved {
  readonly runs: number;
  readonly problems: readonly string[];
  /** How often each thing happened, to see that the cases are worth something. */
  readonly seen: ReadonlyMap<string, number>;
}

export interface InterleaveOptions {
  readonly seed: number;
  readonly runs: number;
  /** How many are open at the same time. */
  readonly atOnce: number;
  readonly wrap?: (deps: EngineDeps) => EngineDeps;
}

/**
 * Carries many runs to their end on one store with two workers, while cancellations, outcomes of steps, losses of
 * leases and the clock come in an order that the seed decides, and looks at every journal afterwards.
 */
export async function interleave(options: InterleaveOptions): Promise<Interleaved> {
  const clock = manualClock();
  const harness = await openHarness({ workflows, clock, wrap: (deps) => onlyNamed(options.wrap?.(deps) ?? deps) });
  const chaos = new Chaos(harness, clock, randomOf(options.seed));
  await chaos.begin();
  for (let done = 0; done < options.runs && chaos.problems.length === 0; done += options.atOnce) {
    await chaos.batch(Math.min(options.atOnce, options.runs - done));
  }
  await chaos.finish();
  await harness.close();
  return { runs: options.runs, problems: chaos.problems, seen: chaos.seen };
}

interface OpenCall {
  readonly call: StepCall;
  readonly resolve: (outcome: StepOutcome) => void;
  /** Another worker has taken the step over: what this call says must not be recorded. */
  stale: boolean;
  lost: boolean;
}

interface OpenRun {
  readonly id: RunId;
  cancels: number;
  losses: number;
  readonly answers: Promise<'accepted' | 'refused' | 'other'>[];
}

class Chaos {
  readonly problems: string[] = [];
  readonly seen = new Map<string, number>();
  readonly #harness: Harness;
  readonly #clock: ManualClock;
  readonly #random: (below: number) => number;
  readonly #workers: Worker[] = [];
  readonly #open: OpenCall[] = [];
  readonly #runs = new Map<string, OpenRun>();
  readonly #leases = new Map<string, Lease>();
  readonly #lost = new Set<string>();
  #renewing = 0;

  constructor(harness: Harness, clock: ManualClock, random: (below: number) => number) {
    this.#harness = harness;
    this.#clock = clock;
    this.#random = random;
  }

  async begin(): Promise<void> {
    this.#harness.handlers.set('do:it', (call) => this.#called(call));
    const logger = { debug() {}, info() {}, warn: (message: string) => this.#note(message), error: (message: string, fields: unknown) => this.problems.push(`${message}: ${JSON.stringify(fields)}`) };
    for (let n = 0; n < 2; n += 1) {
      const worker = createWorker({ ...this.#harness.deps, logger, queue: this.#losingQueue() }, { concurrency: 40, leaseMs: LEASE_MS });
      this.#workers.push(worker);
      await worker.start();
    }
  }

  async batch(size: number): Promise<void> {
    const ids = Array.from({ length: size }, () => this.#harness.start(WORKFLOW_IDS[this.#random(WORKFLOW_IDS.length)] ?? 'one'));
    for (const id of await Promise.all(ids)) this.#runs.set(id, { id, cancels: [0, 0, 1, 1, 2][this.#random(5)] ?? 0, losses: 0, answers: [] });
    for (let idle = 0; ; ) {
      for (let turns = this.#random(4); turns > 0; turns -= 1) await turn();
      if (this.#act()) {
        idle = 0;
        continue;
      }
      await this.#advance(1_000);
      if (this.#current().length > 0) continue;
      if ((await this.#harness.deps.catalog.openRuns({ limit: 1 })).length === 0) break;
      idle += 1;
      if (idle > IDLE_ROUNDS_MEAN_STUCK) {
        this.problems.push(`stuck: ${(await this.#harness.deps.catalog.openRuns({ limit: 9 })).join()}`);
        return;
      }
    }
    for (const late of this.#open.splice(0)) this.#release(late, 'success');
    for (let turns = 0; turns < 20 || this.#workers.some((worker) => worker.held > 0); turns += 1) {
      if (turns > 1_000) return void this.problems.push('a worker keeps holding a job');
      await turn();
    }
    for (const run of this.#runs.values()) await this.#check(run);
    this.#runs.clear();
    this.#leases.clear();
    this.#lost.clear();
  }

  async finish(): Promise<void> {
    let isStopped = false;
    const stopped = Promise.all(this.#workers.map((worker) => worker.stop())).then(() => (isStopped = true));
    while (!isStopped) {
      for (const open of this.#open.splice(0)) this.#release(open, 'success');
      await turn();
    }
    await stopped;
  }

  /** Does one thing, or more about one run at the same instant; `false` when there is nothing to do or time should pass. */
  #act(): boolean {
    const dice = this.#random(100);
    if (dice < 8) return false;
    const open = this.#open[this.#random(this.#open.length)];
    if (dice < 20 || open === undefined) return this.#cancelSome();
    if (dice < 32) return this.#loseLease(open);
    // Most of the lost are to say something only after somebody else has taken over.
    if (open.lost && !open.stale && this.#random(4) > 0) return false;
    this.#answer(open);
    if (dice > 60) return true;
    const run = this.#runs.get(open.call.runId);
    for (const other of this.#open.filter(({ call }) => call.runId === open.call.runId)) this.#answer(other);
    if (run !== undefined && run.cancels > 0 && dice < 45) this.#cancel(run);
    return true;
  }

  #answer(open: OpenCall): void {
    this.#open.splice(this.#open.indexOf(open), 1);
    const choice = this.#random(10);
    if (open.call.signal.aborted && choice < 6) this.#release(open, 'aborted');
    else this.#release(open, choice < 6 ? 'success' : choice < 9 ? 'failed' : 'failed for good');
  }

  #cancelSome(): boolean {
    const can = [...this.#runs.values()].filter((run) => run.cancels > 0);
    const run = can[this.#random(can.length)];
    if (run === undefined) return false;
    this.#cancel(run);
    return true;
  }

  #cancel(run: OpenRun): void {
    run.cancels -= 1;
    const answer = cancelRun(this.#harness.deps, { runId: run.id, by: 'ada' }).then(
      () => 'accepted' as const,
      (error: unknown) => (hasCode(error, 'RUN_FINISHED') ? ('refused' as const) : this.#unexpected(error)),
    );
    run.answers.push(answer);
  }

  #unexpected(error: unknown): 'other' {
    this.problems.push(`a cancellation failed: ${String(error)}`);
    return 'other';
  }

  #loseLease(open: OpenCall): boolean {
    const run = this.#runs.get(open.call.runId);
    const lease = this.#leases.get(placeOf(open.call));
    if (run === undefined || lease === undefined || open.stale || open.lost || run.losses >= MOST_LOSSES) return false;
    run.losses += 1;
    open.lost = true;
    this.#lost.add(`${lease.id} ${lease.token}`);
    this.#note('lease lost');
    return true;
  }

  #called(call: StepCall): Promise<StepOutcome> {
    return new Promise((resolve) => {
      for (const earlier of this.#open) {
        if (earlier.call.runId === call.runId && earlier.call.job === call.job) earlier.stale = true;
      }
      this.#open.push({ call, resolve, stale: false, lost: false });
    });
  }

  #release(open: OpenCall, as: 'success' | 'failed' | 'failed for good' | 'aborted'): void {
    this.#note(open.stale ? `late ${as}` : as);
    const outputs = open.stale ? { late: true } : {};
    if (as === 'aborted') open.resolve({ status: 'aborted', outputs });
    else open.resolve(as === 'success' ? success(outputs) : { ...failure('STEP_FAILED', as === 'failed'), outputs });
  }

  /** Calls whose outcome somebody waits for. */
  #current(): OpenCall[] {
    return this.#open.filter((open) => !open.stale);
  }

  /** A queue that does not renew the leases that are to be lost, and does not tell. */
  #losingQueue(): EngineDeps['queue'] {
    const { queue } = this.#harness.deps;
    return replacing(queue, {
      take: async (worker, options) => {
        const leases = await queue.take(worker, options);
        for (const lease of leases) this.#leases.set(placeOf(lease), lease);
        return leases;
      },
      renew: async (leases, leaseMs) => {
        this.#renewing += 1;
        const isLost = (lease: Lease): boolean => this.#lost.has(`${lease.id} ${lease.token}`);
        const renewed = await queue.renew(leases.filter((lease) => !isLost(lease)), leaseMs);
        this.#renewing -= 1;
        return [...renewed, ...leases.filter(isLost)];
      },
    });
  }

  /** Lets time pass, but not past a renewal that is under way: nobody but the lost loses a lease. */
  async #advance(ms: number): Promise<void> {
    this.#clock.advance(ms);
    do await turn();
    while (this.#renewing > 0);
  }

  async #check(run: OpenRun): Promise<void> {
    const { deps } = this.#harness;
    const events = await deps.log.read(run.id, 0);
    const answers = await Promise.all(run.answers);
    for (const answer of answers) this.#note(`cancellation ${answer}`);
    const problems = journalProblems(run.id, events);
    const end = events.at(-1);
    const status = end?.type === 'run.finished' ? end.status : 'open';
    this.#note(`run ${status}`);
    if (answers.includes('accepted') !== (status === 'cancelled')) problems.push(`it is ${status} after cancellations that were ${answers.join()}`);
    if (answers.includes('refused') && status === 'cancelled') problems.push('a cancellation was refused although the run is cancelled');
    if (status === 'quarantined') problems.push('it was quarantined');
    const summary = await deps.catalog.getRun(run.id);
    if (summary?.status !== status) problems.push(`the list says ${String(summary?.status)}, the journal ${status}`);
    const tickets = await deps.queue.ticketsOf(run.id);
    if (tickets.length > 0) problems.push(`it left ${tickets.length} tickets`);
    this.problems.push(...problems.map((problem) => `${run.id}: ${problem}`));
  }

  #note(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }
}

function placeOf(at: { readonly runId: string; readonly job: string; readonly attempt: number }): string {
  return `${at.runId} ${at.job} ${at.attempt}`;
}

/** Documents are found by their names, so that starting a run reads one of them. */
function onlyNamed(deps: EngineDeps): EngineDeps {
  const candidates = (id: string) => Promise.resolve([{ file: `${id}.yml`, text: workflows[`${id}.yml`] ?? '' }]);
  return { ...deps, workflows: replacing(deps.workflows, { candidates }) };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The same numbers for the same seed: a whole number below `below`. The generator is mulberry32. */
function randomOf(seed: number): (below: number) => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(below, 1);
  };
}
