import type { RunEvent, RunId } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import type { Lease, StepCall, StepOutcome } from '@kb-labs/ports';

import { answerApproval } from './answer-approval.js';
import { cancelRun } from './cancel-run.js';
import type { EngineDeps } from './deps.js';
import { failure, type Harness, openHarness, replacing, success } from './harness.fixture.js';
import { onlyNamed, randomOf, workflows } from './interleave-cases.fixture.js';
import { callProblems, journalProblems } from './journal-problems.fixture.js';
import { type ManualClock, manualClock } from './manual-clock.fixture.js';
import { sendSignal } from './send-signal.js';
import { createWorker, type Worker } from './worker.js';

const LEASE_MS = 9_000;
/** Fewer than it takes to quarantine a run. */
const MOST_LOSSES = 2;
/** In steps of a second. Longer than any lease, retry and check interval of the workflows together. */
const IDLE_ROUNDS_MEAN_STUCK = 200;

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
  const told: { begun: (lease: Lease) => void } = { begun: () => undefined };
  const harness = await openHarness({ workflows, clock, wrap: (deps) => tellingOfBegun(onlyNamed(options.wrap?.(deps) ?? deps), (lease) => told.begun(lease)) });
  const chaos = new Chaos(harness, clock, randomOf(options.seed));
  told.begun = (lease) => chaos.holds(lease);
  await chaos.begin();
  for (let done = 0; done < options.runs && chaos.problems.length === 0; done += options.atOnce) {
    await chaos.batch(Math.min(options.atOnce, options.runs - done));
  }
  await chaos.finish();
  await harness.close();
  return { runs: options.runs, problems: chaos.problems, seen: chaos.seen };
}

/** The leases of jobs that were begun with their runs are told as well. */
function tellingOfBegun(deps: EngineDeps, tell: (lease: Lease) => void): EngineDeps {
  const { log } = deps;
  const create: EngineDeps['log']['create'] = (command, begin) => {
    if (begin === undefined) return log.create(command);
    const begun = (lease: Lease): void => {
      tell(lease);
      begin.begun(lease);
    };
    return log.create(command, { ...begin, begun });
  };
  return { ...deps, log: replacing(log, { create }) };
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
  /** A run that another one called: what becomes of that can end it as well. */
  readonly called: boolean;
  /** How often somebody still tries to answer it. */
  asks: number;
  /** Answers and signals that were taken. */
  readonly taken: Promise<number>[];
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
  /** Waits that a stuck worker is about to record, until its lease has run out. */
  readonly #stuck: { readonly until: number; readonly go: () => void }[] = [];
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
      const worker = createWorker({ ...this.#harness.deps, logger, queue: this.#losingQueue(), log: this.#stickyLog() }, { concurrency: 40, leaseMs: LEASE_MS });
      this.#workers.push(worker);
      await worker.start();
    }
  }

  holds(lease: Lease): void {
    this.#note('begun with its run');
    this.#leases.set(placeOf(lease), lease);
  }

  async batch(size: number): Promise<void> {
    const names = Array.from({ length: size }, () => WORKFLOW_IDS[this.#random(WORKFLOW_IDS.length)] ?? 'one');
    const ids = await Promise.all(names.map((name) => this.#harness.start(name)));
    for (const [index, id] of ids.entries()) this.#expect(id, { called: false, asks: ['ask', 'hear'].includes(names[index] ?? '') ? 4 : 0 });
    for (let idle = 0; ; ) {
      for (let turns = this.#random(4); turns > 0; turns -= 1) await turn();
      if (this.#act()) {
        idle = 0;
        continue;
      }
      await this.#advance(1_000);
      if (this.#current().length > 0 || this.#stuck.length > 0) continue;
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
      for (const stuck of this.#stuck.splice(0)) stuck.go();
      await turn();
    }
    await stopped;
  }

  /** Does one thing, or more about one run at the same instant; `false` when there is nothing to do or time should pass. */
  #act(): boolean {
    const dice = this.#random(100);
    if (dice < 8) return false;
    if (this.#random(5) === 0 && this.#answerSome()) return true;
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

  #expect(id: RunId, { called, asks }: Pick<OpenRun, 'called' | 'asks'>): void {
    this.#runs.set(id, { id, called, asks, taken: [], cancels: [0, 0, 1, 1, 2][this.#random(5)] ?? 0, losses: 0, answers: [] });
  }

  /** Approves, rejects or signals something that waits, or may; sometimes twice at the same instant, sometimes with a cancellation. */
  #answerSome(): boolean {
    const can = [...this.#runs.values()].filter((run) => run.asks > 0);
    const run = can[this.#random(can.length)];
    if (run === undefined) return false;
    for (let times = 1 + this.#random(2); times > 0 && run.asks > 0; times -= 1) {
      run.asks -= 1;
      const decision = this.#random(3) > 0 ? 'approved' : 'rejected';
      const refusals = ['NOT_WAITING', 'SIGNAL_UNHEARD'] as const;
      const none = (error: unknown): number => (refusals.some((code) => hasCode(error, code)) ? 0 : (this.#unexpected(error), 0));
      run.taken.push(
        answerApproval(this.#harness.deps, { runId: run.id, step: 'a/ask', decision, by: 'eve' }).then(() => 1, none),
        sendSignal(this.#harness.deps, { name: 'go', payload: null, by: 'eve', runId: run.id }).then((sent) => sent.resumed.length, none),
      );
    }
    if (run.cancels > 0 && this.#random(6) === 0) this.#cancel(run);
    return true;
  }

  #unexpected(error: unknown): 'other' {
    this.problems.push(`something that was asked failed: ${String(error)}`);
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
    if (!this.#runs.has(call.runId)) this.#expect(call.runId, { called: true, asks: 0 });
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
      standBy: (worker, places, onLeases) => {
        const standDown = queue.standBy?.(worker, places, (leases) => {
          for (const lease of leases) this.#leases.set(placeOf(lease), lease);
          onLeases(leases);
        });
        return () => standDown?.();
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

  /** A log that some waits reach only when the lease of whoever writes has run out. */
  #stickyLog(): EngineDeps['log'] {
    const { log } = this.#harness.deps;
    return replacing(log, {
      append: async (command) => {
        const run = this.#runs.get(command.runId);
        const waits = command.fence !== undefined && command.events.some((event) => event.type === 'step.waiting');
        if (!waits || run === undefined || command.fence === undefined || run.losses >= MOST_LOSSES || this.#random(8) > 0) return log.append(command);
        run.losses += 1;
        this.#lost.add(`${command.fence.ticket} ${command.fence.token}`);
        await new Promise<void>((go) => this.#stuck.push({ until: this.#clock.now() + 2 * LEASE_MS, go }));
        const result = await log.append(command);
        this.#note(result.ok ? 'late wait recorded' : 'late wait refused');
        return result;
      },
    });
  }

  /** Lets time pass, but not past a renewal that is under way: nobody but the lost loses a lease. */
  async #advance(ms: number): Promise<void> {
    this.#clock.advance(ms);
    for (const stuck of this.#stuck.splice(0)) {
      if (stuck.until <= this.#clock.now()) stuck.go();
      else this.#stuck.push(stuck);
    }
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
    this.#note(`${run.called ? 'called run' : 'run'} ${status}`);
    await this.#checkAnswers(run, events, problems);
    if (run.called ? answers.includes('accepted') && status !== 'cancelled' : answers.includes('accepted') !== (status === 'cancelled')) problems.push(`it is ${status} after cancellations that were ${answers.join()}`);
    if (answers.includes('refused') && status === 'cancelled') problems.push('a cancellation was refused although the run is cancelled');
    if (status === 'quarantined') problems.push('it was quarantined');
    const summary = await deps.catalog.getRun(run.id);
    if (summary?.status !== status) problems.push(`the list says ${String(summary?.status)}, the journal ${status}`);
    const tickets = await deps.queue.ticketsOf(run.id);
    if (tickets.length > 0) problems.push(`it left ${tickets.length} tickets`);
    this.problems.push(...problems.map((problem) => `${run.id}: ${problem}`));
  }

  /** What was taken from outside is in the journal, once, and what called runs said is how they ended. */
  async #checkAnswers(run: OpenRun, events: readonly RunEvent[], problems: string[]): Promise<void> {
    const { deps } = this.#harness;
    const taken = (await Promise.all(run.taken)).reduce((sum, one) => sum + one, 0);
    const recorded = events.filter((event) => event.type === 'step.answered' && event.answer.kind !== 'child').length;
    for (let n = 0; n < taken; n += 1) this.#note('answer taken');
    if (taken !== recorded) problems.push(`${taken} answers were taken, ${recorded} are recorded`);
    if (events.some((event) => event.type === 'job.cancel_requested')) this.#note('failed fast');
    const ends = new Map<string, string>();
    for (const event of events) {
      if (event.type !== 'step.started' || event.child === undefined) continue;
      const child = await deps.catalog.getRun(event.child);
      if (child !== undefined) ends.set(child.id, child.status);
    }
    problems.push(...callProblems(events, ends));
    if (events.some((event) => event.type === 'step.answered' && event.answer.kind === 'child')) this.#note('call answered');
  }

  #note(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }
}

function placeOf(at: { readonly runId: string; readonly job: string; readonly attempt: number }): string {
  return `${at.runId} ${at.job} ${at.attempt}`;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
