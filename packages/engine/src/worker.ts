import { isTerminalRun, type RunId, type WorkerId } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import type { Lease } from '@kb-labs/ports';

import { CancelWatch } from './cancel-watch.js';
import type { EngineDeps } from './deps.js';
import { JobHold } from './job-hold.js';
import { reconcile } from './reconcile.js';
import { runJob } from './run-job.js';
import { RunStates } from './run-states.js';

const LEASE_MS = 30_000;
/** How often a worker looks for work it was not told of: leases that ran out, tickets of other processes whose hint was missed. */
const CHECK_MS = 1_000;
const RECONCILE_MS = 60_000;
const IDLE_CHECK_MS = 200;

export interface WorkerOptions {
  /** The runs it serves; all when left out. */
  readonly scope?: readonly RunId[];
  /** Jobs at once. */
  readonly concurrency: number;
  /** A worker that does not renew for this long loses its jobs. 30 s when left out. */
  readonly leaseMs?: number;
}

export interface Worker {
  readonly id: WorkerId;
  /** Resolves once the worker takes jobs. */
  start(): Promise<void>;
  /** Takes nothing new, hands jobs back after the step they are in, and resolves when nothing is held. */
  stop(): Promise<void>;
  /** Resolves when it holds nothing and no run that it serves is open. */
  idle(): Promise<void>;
  /** How many jobs it holds. */
  readonly held: number;
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
  readonly #cancels: CancelWatch;
  readonly #holds = new Map<string, JobHold>();
  readonly #running = new Set<Promise<void>>();
  readonly #timers = new Map<string, () => void>();
  #stopped = false;
  #taking: Promise<void> | undefined;
  #takeAgain = false;
  #unsubscribe: (() => void) | undefined;

  constructor(deps: EngineDeps, options: WorkerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#states = new RunStates(deps);
    this.#cancels = new CancelWatch(deps.log);
    this.id = deps.ids.workerId();
  }

  get held(): number {
    return this.#holds.size;
  }

  async start(): Promise<void> {
    const { scope } = this.#options;
    await this.#deps.queue.join({ id: this.id, ...(scope === undefined ? {} : { scope }) });
    this.#unsubscribe = this.#deps.queue.onReady(() => this.#wake());
    this.#every('renew', this.#leaseMs / 3, () => this.#renew());
    this.#every('check', CHECK_MS, () => this.#wake());
    this.#every('reconcile', RECONCILE_MS, () => this.#reconcile());
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe?.();
    for (const hold of this.#holds.values()) hold.handBack = true;
    await this.#taking;
    while (this.#running.size > 0) await Promise.all(this.#running);
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    await this.#deps.queue.leave(this.id);
  }

  async idle(): Promise<void> {
    while (this.#holds.size > 0 || (await this.#hasOpenRuns())) {
      await new Promise<void>((resolve) => void this.#deps.clock.after(IDLE_CHECK_MS, resolve));
    }
  }

  async #hasOpenRuns(): Promise<boolean> {
    const { scope } = this.#options;
    if (scope === undefined) return (await this.#deps.catalog.openRuns({ limit: 1 })).length > 0;
    const runs = await Promise.all(scope.map((runId) => this.#deps.catalog.getRun(runId)));
    return runs.some((run) => run !== undefined && !isTerminalRun(run.status));
  }

  #wake(): void {
    if (this.#stopped) return;
    if (this.#taking !== undefined) {
      this.#takeAgain = true;
      return;
    }
    this.#taking = this.#take().finally(() => {
      this.#taking = undefined;
      if (this.#takeAgain) {
        this.#takeAgain = false;
        this.#wake();
      }
    });
  }

  async #take(): Promise<void> {
    try {
      const free = this.#options.concurrency - this.#holds.size;
      if (free <= 0) return;
      const leases = await this.#deps.queue.take(this.id, { limit: free, leaseMs: this.#leaseMs });
      for (const lease of leases) this.#run(lease);
      if (leases.length < free) await this.#armNextDue();
    } catch (error) {
      this.#deps.logger.warn('cannot take jobs', { worker: this.id, problem: String(error) });
    }
  }

  #run(lease: Lease): void {
    const hold = new JobHold(lease);
    // After a stall a worker can be handed its own ticket anew: the hold it has is outdated then.
    this.#holds.get(lease.id)?.lose();
    this.#holds.set(lease.id, hold);
    if (this.#stopped) hold.handBack = true;
    const work = runJob(this.#deps, { states: this.#states, cancels: this.#cancels }, hold)
      .catch((error: unknown) => this.#abandon(hold, error))
      .finally(() => {
        if (this.#holds.get(lease.id) === hold) this.#holds.delete(lease.id);
        this.#running.delete(work);
        this.#wake();
      });
    this.#running.add(work);
  }

  /** A job that could not be carried on is given back: its journal says where to go on. */
  async #abandon(hold: JobHold, error: unknown): Promise<void> {
    const { runId, job } = hold.lease;
    this.#states.forget(runId);
    this.#deps.logger.error('a job was left where it is', { runId, job, problem: String(error) });
    if (hasCode(error, 'STATE_CORRUPT') || hasCode(error, 'STATE_SCHEMA')) return;
    await this.#deps.queue.release([hold.lease]).catch(() => undefined);
  }

  async #renew(): Promise<void> {
    const leases = [...this.#holds.values()].filter((hold) => !hold.lost).map((hold) => hold.lease);
    if (leases.length === 0) return;
    const valid = new Set((await this.#deps.queue.renew(leases, this.#leaseMs)).map((lease) => lease.id));
    for (const lease of leases) if (!valid.has(lease.id)) this.#holds.get(lease.id)?.lose();
  }

  async #reconcile(): Promise<void> {
    await reconcile(this.#deps, this.#options.scope);
  }

  async #armNextDue(): Promise<void> {
    const due = await this.#deps.queue.nextDue(this.id);
    if (due === undefined) return;
    const waitMs = Math.max(1, due - this.#deps.clock.now());
    if (waitMs < CHECK_MS) this.#after('due', waitMs, () => this.#wake());
  }

  #every(name: string, ms: number, work: () => void | Promise<void>): void {
    this.#after(name, ms, () => {
      void Promise.resolve(work())
        .catch((error: unknown) => this.#deps.logger.warn(`cannot ${name}`, { worker: this.id, problem: String(error) }))
        .finally(() => {
          if (this.#timers.has(name)) this.#every(name, ms, work);
        });
    });
  }

  #after(name: string, ms: number, callback: () => void): void {
    this.#timers.get(name)?.();
    this.#timers.set(name, this.#deps.clock.after(ms, callback));
  }
}
