import { AFTER_END, isTerminalRun, TIME_LIMIT, type RunId, type WorkerId } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import type { Lease, Places, TakeOptions } from '@kb-labs/ports';

import { afterEnd } from './after-end.js';
import { CancelWatch } from './cancel-watch.js';
import type { EngineDeps } from './deps.js';
import { giveBack } from './give-back.js';
import { JobBeginner } from './job-beginner.js';
import { JobHold } from './job-hold.js';
import type { JobShared } from './job-shared.js';
import { NamedTimers } from './named-timers.js';
import { isPassing } from './passing.js';
import { reconcile } from './reconcile.js';
import { runJob } from './run-job.js';
import { RunStates } from './run-states.js';
import { endRunTime } from './end-run-time.js';

const LEASE_MS = 30_000;
/** How often a worker looks for work it was not told of: tickets whose hint was missed, and times by a clock that was set. What falls due, or runs out, by then has a timer of its own. */
const CHECK_MS = 5_000;
/** A look that comes late is not in the way of what falls due shortly after it. */
const ARMED_MS = 2 * CHECK_MS;
const RETRY_MS = 1_000;
const RECONCILE_MS = 60_000;
const GIVE_BACK_MS = 1_000;
const IDLE_CHECK_MS = 200;
/** A step that was told to stop and goes on for this long is left behind. */
const CUT_OFF_MS = 5_000;
/** A store that has not answered for this long keeps a worker from taking jobs. */
const STUCK_MS = 2_000;

export interface WorkerOptions {
  /** The runs it serves, each with the runs it calls; all when left out. */
  readonly scope?: readonly RunId[];
  /** Jobs at once. */
  readonly concurrency: number;
  /** A worker that does not renew for this long loses its jobs. 30 s when left out. */
  readonly leaseMs?: number;
  /** Whether it mends the runs it serves every minute. It does when left out; `false` where something else calls `reconcile`. */
  readonly reconciles?: boolean;
  /** Told of runs that were started apart from the trees it serves: called without waiting, or by the end of another. */
  readonly onRunStarted?: (runId: RunId) => void;
}

export interface Worker {
  readonly id: WorkerId;
  /** Resolves once the worker takes jobs. */
  start(): Promise<void>;
  /**
   * Takes nothing new, hands jobs back after the step they are in, and resolves when nothing is held. Steps that are not done
   * after `graceMs` are stopped and their jobs handed back as they are; left out, they have all the time they need.
   */
  stop(options?: { graceMs?: number }): Promise<void>;
  /** Resolves when it holds nothing and no run that it serves is open. */
  idle(): Promise<void>;
  /** How many jobs it holds. */
  readonly held: number;
  /** What keeps it from taking jobs at the moment, to be read by people. */
  readonly problem: string | undefined;
}

export function createWorker(deps: EngineDeps, options: WorkerOptions): Worker {
  return new JobWorker(deps, options);
}

class JobWorker implements Worker {
  readonly id: WorkerId;
  readonly #deps: EngineDeps;
  readonly #options: WorkerOptions;
  readonly #leaseMs: number;
  readonly #states: RunStates;
  readonly #shared: JobShared;
  readonly #beginner: JobBeginner;
  readonly #holds = new Map<string, JobHold>();
  readonly #running = new Set<Promise<void>>();
  readonly #timers: NamedTimers;
  #started = false;
  #stopped = false;
  /** Ends a pause before its time. */
  readonly #pauses = new Set<() => void>();
  #refused: string | undefined;
  #askedAt: number | undefined;
  #taking: Promise<void> | undefined;
  /** It is about to take: whoever wakes it now is heard. */
  #isToTake = false;
  #takeAgain = false;
  /** Whether tickets can be left that it had no place for. Of all others it is told, or handed them. */
  #mayBeMore = false;
  #unsubscribe: (() => void) | undefined;
  #standDown: (() => void) | undefined;
  #endBeginning: (() => void) | undefined;

  constructor(deps: EngineDeps, options: WorkerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#timers = new NamedTimers(deps.clock, (name, error) => deps.logger.warn(`cannot ${name}`, { worker: this.id, problem: String(error) }));
    const cancels = new CancelWatch(deps);
    this.#states = new RunStates(deps, cancels);
    this.id = deps.ids.workerId();
    const shared = { states: this.#states, cancels, onRunStarted: options.onRunStarted ?? ((): void => undefined) };
    this.#shared = shared;
    this.#beginner = new JobBeginner(deps, shared, {
      id: this.id,
      free: () => (this.#stopped ? 0 : this.#free),
      serves: (run) => options.scope?.includes(run.root) ?? true,
      hold: (hold, work) => {
        this.#keep(hold, work);
        this.#mayBeMore ||= this.#free <= 0;
      },
    });
  }

  get held(): number {
    return this.#holds.size;
  }

  get problem(): string | undefined {
    if (!this.#started) return 'it has not started';
    if (this.#stopped) return 'it is stopping';
    const askedForMs = this.#askedAt === undefined ? 0 : this.#deps.clock.now() - this.#askedAt;
    return askedForMs > STUCK_MS ? `the store has not answered for ${askedForMs} ms` : this.#refused;
  }

  async start(): Promise<void> {
    const { scope } = this.#options;
    await this.#deps.queue.join({ id: this.id, ...(scope === undefined ? {} : { scope }) });
    this.#standDown = this.#deps.queue.standBy?.(this.id, () => this.#places(), (leases) => this.#handed(leases));
    if (this.#standDown !== undefined) this.#endBeginning = this.#deps.beginners?.add(this.#beginner);
    this.#unsubscribe = this.#deps.queue.onReady((only) => this.#told(only));
    this.#timers.every('renew', this.#leaseMs / 3, () => this.#renew());
    // Often enough to know of a lease as short as its own before that runs out.
    this.#timers.every('check', Math.min(CHECK_MS, Math.max(RETRY_MS, this.#leaseMs / 6)), () => this.#check());
    if (this.#options.reconciles !== false) this.#timers.every('reconcile', RECONCILE_MS, () => this.#reconcile());
    this.#started = true;
    this.#wake();
  }

  async stop({ graceMs }: { graceMs?: number } = {}): Promise<void> {
    this.#stopped = true;
    for (const end of this.#pauses) end();
    this.#unsubscribe?.();
    this.#standDown?.();
    this.#endBeginning?.();
    for (const hold of this.#holds.values()) hold.handBack = true;
    await Promise.all([this.#taking, this.#beginner.idle()]);
    const ended = this.#allEnded();
    if (graceMs === undefined) await ended;
    else if (!(await this.#within(graceMs, ended))) await this.#cutOff(ended);
    this.#timers.clear();
    // A step that does not stop ends with this process, and so does the worker then: whoever took its job now would do it twice.
    if (this.#running.size === 0) await this.#deps.queue.leave(this.id);
  }

  async #allEnded(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Stops the steps that run. A job is handed back once its step is over: no other worker begins the same beside it. */
  async #cutOff(ended: Promise<void>): Promise<void> {
    const holds = [...this.#holds.values()];
    for (const hold of holds) hold.lose();
    await this.#within(CUT_OFF_MS, ended);
    const over = holds.filter((hold) => this.#holds.get(hold.lease.id) !== hold);
    if (over.length < holds.length) this.#deps.logger.warn('steps go on although they were stopped', { worker: this.id, jobs: holds.length - over.length });
    await Promise.all(holds.map((hold) => this.#giveBack(hold.lease, { workerLived: true, goesOn: !over.includes(hold) })));
  }

  /** Whether something comes within a time. */
  #within(ms: number, awaited: Promise<void>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const disarm = this.#deps.clock.after(ms, () => resolve(false));
      void awaited.then(() => resolve(true), reject).finally(disarm);
    });
  }

  async idle(): Promise<void> {
    while (this.#holds.size > 0 || (await this.#hasOpenRuns()) || (await this.#hasTickets())) {
      await new Promise<void>((resolve) => void this.#deps.clock.after(IDLE_CHECK_MS, resolve));
    }
  }

  async #hasOpenRuns(): Promise<boolean> {
    const { scope } = this.#options;
    if (scope === undefined) return (await this.#deps.catalog.openRuns({ limit: 1 })).length > 0;
    const runs = await Promise.all(scope.map((runId) => this.#deps.catalog.getRun(runId)));
    return runs.some((run) => run !== undefined && !isTerminalRun(run.status));
  }

  /** What is left to do after a run has ended is done before its worker is idle. */
  async #hasTickets(): Promise<boolean> {
    return this.#options.scope !== undefined && (await this.#deps.queue.nextDue(this.id)) !== undefined;
  }

  #told(only: 'room' | undefined): void {
    if (only === undefined || this.#caps().caps !== undefined) this.#wake();
  }

  /** None while it asks for tickets: what it asked for are all it has. */
  #places(): Places | undefined {
    if (this.#stopped || this.#taking !== undefined) return undefined;
    return { limit: this.#free, leaseMs: this.#leaseMs, more: this.#mayBeMore, ...this.#caps() };
  }

  #handed(leases: readonly Lease[]): void {
    // The write was on its way when it stopped.
    if (this.#stopped) return void this.#deps.queue.release(leases).catch((error: unknown) => this.#deps.logger.warn('cannot give jobs back', { worker: this.id, problem: String(error) }));
    for (const lease of leases) this.#run(lease);
    this.#mayBeMore ||= this.#free <= 0;
  }

  get #free(): number {
    let free = this.#options.concurrency;
    for (const hold of this.#holds.values()) if (!hold.leaving) free -= 1;
    return free;
  }

  #wake(): void {
    if (this.#stopped) return;
    if (this.#taking === undefined) {
      this.#isToTake = true;
      this.#begin(() => this.#take());
    } else if (!this.#isToTake) this.#takeAgain = true;
  }

  #check(): void {
    if (!this.#stopped && this.#taking === undefined) this.#begin(() => this.#look());
  }

  #begin(act: () => Promise<void>): void {
    // Jobs that end together free their places together.
    this.#taking = new Promise<void>((resolve) => setImmediate(resolve)).then(() => (this.#stopped ? undefined : act())).finally(() => {
      this.#taking = undefined;
      if (this.#takeAgain) {
        this.#takeAgain = false;
        this.#wake();
      }
    });
  }

  async #take(): Promise<void> {
    this.#isToTake = false;
    const free = this.#free;
    this.#mayBeMore = true;
    if (free <= 0) return;
    await this.#ask(async () => {
      const leases = await this.#deps.queue.take(this.id, { limit: free, leaseMs: this.#leaseMs, ...this.#caps() });
      this.#refused = undefined;
      for (const lease of leases) this.#run(lease);
      this.#mayBeMore = leases.length >= free;
      if (!this.#mayBeMore) this.#wakeAt(await this.#deps.queue.nextDue(this.id));
    });
  }

  /** To ask when it makes sense to take costs less than to take nothing. */
  async #look(): Promise<void> {
    if (this.#free <= 0) return;
    await this.#ask(async () => {
      const due = await this.#deps.queue.nextDue(this.id);
      if (due !== undefined && due <= this.#deps.clock.now()) this.#wake();
      else this.#wakeAt(due);
    });
  }

  async #ask(act: () => Promise<void>): Promise<void> {
    this.#askedAt = this.#deps.clock.now();
    try {
      await act();
    } catch (error) {
      this.#refused = String(error);
      this.#deps.logger.warn('cannot take jobs', { worker: this.id, problem: String(error) });
      this.#timers.after('retry', RETRY_MS, () => this.#wake());
    } finally {
      this.#askedAt = undefined;
    }
  }

  #caps(): Pick<TakeOptions, 'caps'> {
    const { runningJobs, runningJobsPerTenant, runningJobsOfTenant } = this.#deps.limits;
    if (runningJobs === undefined && runningJobsPerTenant === undefined && runningJobsOfTenant === undefined) return {};
    return {
      caps: {
        ...(runningJobs === undefined ? {} : { total: runningJobs }),
        ...(runningJobsPerTenant === undefined ? {} : { perTenant: runningJobsPerTenant }),
        ...(runningJobsOfTenant === undefined ? {} : { ofTenant: runningJobsOfTenant }),
      },
    };
  }

  #run(lease: Lease): void {
    const hold = new JobHold(lease);
    this.#keep(hold, () => this.#work(hold));
  }

  #keep(hold: JobHold, begin: () => Promise<void>): void {
    const { lease } = hold;
    // After a stall a worker can be handed its own ticket anew: the hold it has is outdated then.
    this.#holds.get(lease.id)?.lose();
    this.#holds.set(lease.id, hold);
    if (this.#stopped) hold.handBack = true;
    const work = begin()
      .catch((error: unknown) => this.#abandon(hold, error))
      .finally(() => {
        if (this.#holds.get(lease.id) === hold) this.#holds.delete(lease.id);
        this.#running.delete(work);
        if (this.#mayBeMore && this.#free > 0) this.#wake();
      });
    this.#running.add(work);
  }

  #work(hold: JobHold): Promise<void> {
    switch (hold.lease.job) {
      case AFTER_END:
        return afterEnd(this.#deps, this.#states, hold.lease, this.#shared.onRunStarted);
      case TIME_LIMIT:
        return this.#endRunTime(hold.lease);
      default:
        return runJob(this.#deps, this.#shared, hold);
    }
  }

  async #endRunTime(lease: Lease): Promise<void> {
    await endRunTime(this.#states, lease.runId);
    await this.#deps.queue.discard([lease]);
  }

  /**
   * A job that could not be carried on is given back after a pause, for what was in the way may be there still. Its journal says
   * where to go on. Until then it is held, so that nobody takes its worker for dead.
   */
  async #abandon(hold: JobHold, error: unknown): Promise<void> {
    const { runId, job } = hold.lease;
    this.#states.forget(runId);
    this.#deps.logger.error('a job was left where it is', { runId, job, problem: String(error) });
    if (hasCode(error, 'STATE_CORRUPT') || hasCode(error, 'STATE_SCHEMA')) return;
    do await this.#pause(GIVE_BACK_MS);
    while (!(await this.#giveBack(hold.lease, { workerLived: isPassing(error) })) && !this.#stopped && !hold.lost);
  }

  /** Is over at once when the worker is told to stop. */
  #pause(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        disarm();
        this.#pauses.delete(end);
        resolve();
      };
      const disarm = this.#deps.clock.after(ms, end);
      this.#pauses.add(end);
    });
  }

  /** Whether the job is given back, as far as this worker can. */
  async #giveBack(lease: Lease, how: Parameters<typeof giveBack>[3]): Promise<boolean> {
    try {
      await giveBack(this.#deps, this.#states, lease, how);
      return true;
    } catch (error) {
      this.#states.forget(lease.runId);
      this.#deps.logger.warn('cannot give a job back', { runId: lease.runId, job: lease.job, problem: String(error) });
      return !isPassing(error);
    }
  }

  async #renew(): Promise<void> {
    const leases = [...this.#holds.values()].filter((hold) => !hold.lost).map((hold) => hold.lease);
    if (leases.length === 0) return;
    const valid = new Set((await this.#deps.queue.renew(leases, this.#leaseMs)).map((lease) => lease.id));
    for (const lease of leases) if (!valid.has(lease.id)) this.#holds.get(lease.id)?.lose();
  }

  async #reconcile(): Promise<void> {
    await reconcile(this.#deps, this.#options.scope, this.#states);
  }

  #wakeAt(due: number | undefined): void {
    if (due === undefined) return;
    const waitMs = Math.max(1, due - this.#deps.clock.now());
    if (waitMs < ARMED_MS) this.#timers.after('due', waitMs, () => this.#wake());
  }
}
