import type { WorkerId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Clock, HandOver, JobQueue, Lease, Logger, TakeOptions, WorkerInfo } from '@kb-labs/ports';

import type { RunnerConnection } from './connect.js';
import { Delivery } from './delivery.js';
import { takeDelivered } from './take-delivered.js';

export interface RunnerOptions {
  /** Of the store. It decides; what is not about bringing tickets to workers goes to it as it is. */
  readonly queue: JobQueue;
  readonly handOver: HandOver;
  /** The server BullMQ keeps its queue in: that of the store. */
  readonly connection: RunnerConnection;
  /** Of the installation: BullMQ's keys begin with `{<prefix>}:bull`. */
  readonly prefix: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger?: Logger;
  /** How long the server may take for an answer, in milliseconds. Default 5000. */
  readonly answerWithinMs?: number;
}

export interface Runner {
  /** The store's queue, whose workers of all runs are given what BullMQ brings. A worker with a scope takes from the store itself. */
  readonly queue: JobQueue;
  /** Lets what was asked for come to its end and closes BullMQ's connection. The store stays open. */
  close(): Promise<void>;
}

const ANSWER_WITHIN_MS = 5_000;
/** When a ticket that is due was not there for the asking, it is in another worker's hands: so long until it is asked for again, in milliseconds. */
const ASKED_AGAIN_MS = 50;

/** Puts BullMQ between a store's queue and its workers. BullMQ is loaded, and connects, when the first worker of all runs joins. */
export function createRunner(options: RunnerOptions): Runner {
  const runner = new BullRunner(options);
  const { queue } = options;
  return {
    queue: {
      join: (worker) => runner.join(worker),
      leave: (worker) => runner.leave(worker),
      take: (worker, how) => runner.take(worker, how),
      nextDue: (worker) => runner.nextDue(worker),
      renew: (leases, leaseMs) => queue.renew(leases, leaseMs),
      release: (leases) => queue.release(leases),
      discard: (leases) => queue.discard(leases),
      ensure: (tickets) => queue.ensure(tickets),
      ticketsOf: (runId) => queue.ticketsOf(runId),
      counts: () => queue.counts(),
      served: (runIds) => queue.served(runIds),
      onReady: (callback) => queue.onReady(callback),
      ...(queue.standBy === undefined ? {} : { standBy: queue.standBy.bind(queue) }),
    },
    close: () => runner.close(),
  };
}

interface Known {
  hasAsked: boolean;
  shortAt: number | undefined;
}

class BullRunner {
  readonly #options: RunnerOptions;
  /** The workers of all runs, whether they have asked for tickets, and when they last did and were given fewer. */
  readonly #workers = new Map<WorkerId, Known>();
  readonly #running = new Set<Promise<unknown>>();
  #delivery: Promise<Delivery> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  async join(worker: WorkerInfo): Promise<void> {
    if (worker.scope === undefined) await this.#open();
    await this.#options.queue.join(worker);
    if (worker.scope === undefined) this.#workers.set(worker.id, { hasAsked: false, shortAt: undefined });
    else this.#workers.delete(worker.id);
  }

  async leave(worker: WorkerId): Promise<void> {
    await this.#options.queue.leave(worker);
    this.#workers.delete(worker);
  }

  take(worker: WorkerId, options: TakeOptions): Promise<Lease[]> {
    const known = this.#workers.get(worker);
    if (known === undefined || options.limit <= 0) return this.#options.queue.take(worker, options);
    const taking = this.#take(worker, known, options);
    this.#running.add(taking);
    const done = (): void => void this.#running.delete(taking);
    taking.then(done, done);
    return taking;
  }

  /** Never sooner than it makes sense to ask for a ticket that is on its way to somebody else. */
  async nextDue(worker: WorkerId): Promise<number | undefined> {
    const due = await this.#options.queue.nextDue(worker);
    const shortAt = this.#workers.get(worker)?.shortAt;
    return due === undefined || shortAt === undefined || due >= shortAt ? due : shortAt + ASKED_AGAIN_MS;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #take(worker: WorkerId, known: Known, options: TakeOptions): Promise<Lease[]> {
    const { clock, handOver, queue } = this.#options;
    const askedAt = clock.now();
    const isIdle = known.shortAt !== undefined;
    // A backlog that nobody else is to have any of.
    const isOnlyOurs = known.hasAsked && !isIdle && !handOver.isShared();
    const leases = await takeDelivered({ delivery: await this.#open(), handOver, queue, clock }, worker, { ...options, isIdle, isOnlyOurs });
    known.hasAsked = true;
    known.shortAt = leases.length < options.limit ? askedAt : undefined;
    return leases;
  }

  #open(): Promise<Delivery> {
    if (this.#closing !== undefined) return Promise.reject(new AppError('STATE_UNAVAILABLE', { problem: 'the runner is closed' }));
    const { connection, prefix, logger, answerWithinMs = ANSWER_WITHIN_MS } = this.#options;
    const opening = (this.#delivery ??= Delivery.open({ connection, prefix, logger, answerWithinMs }));
    // The next one who needs it tries anew.
    opening.catch(() => {
      if (this.#delivery === opening) this.#delivery = undefined;
    });
    return opening;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#running);
    const delivery = await this.#delivery?.catch(() => undefined);
    await delivery?.close();
  }
}
