import { randomUUID } from 'node:crypto';

import type { TicketId } from '@kb-labs/contracts';
import type { Logger, Offer } from '@kb-labs/ports';
import type { Job, Queue, Worker } from 'bullmq';

import { connect, giveUpConnection, type RedisClient, type RunnerConnection } from './connect.js';
import { isSilence, toDeliveryError } from './delivery-errors.js';

export interface DeliveryOptions {
  readonly connection: RunnerConnection;
  /** Of the installation. */
  readonly prefix: string;
  readonly answerWithinMs: number;
  readonly logger: Logger | undefined;
}

/** What a job of BullMQ carries. Without a ticket: its data was removed from Redis, but not its id. */
interface Parcel {
  readonly ticket?: TicketId;
}

export interface Delivered {
  readonly ticket: TicketId | undefined;
  readonly job: Job<Parcel>;
  readonly token: string;
}

const NAME = 'tickets';
/** A job is held from the moment it is fetched until its ticket is taken: two calls. Whoever takes longer has died. */
const LOCK_MS = 2_000;
/** How often jobs of the dead are looked for while workers take tickets. */
const STALLED_CHECK_MS = 1_000;
/** And when none does: nobody waits for those jobs then, which are to be cleared away all the same. */
const UNASKED_CHECK_MS = 60_000;
/** Nobody reads the stream of events; BullMQ always writes it. */
const EVENTS_KEPT = 100;
/** Said of the worker as well: a job whose data was removed does not know it any more, and one that is kept would be in the way of its next offer. */
const NONE_KEPT = { count: 0 };
/** Smaller is sooner. Nothing is 0, which would be another list, always first. */
const PRIORITIES = { high: 1, low: 3 } as const;
const NORMAL = 2;

/**
 * BullMQ's queue of an installation and the hand that fetches from it, on one connection. Its keys have the hash tag of the
 * installation, so that a cluster keeps them on one node. Jobs are fetched by hand: BullMQ's own loop would block a connection
 * and run a job before the store has agreed to it.
 */
export class Delivery {
  readonly #client: RedisClient;
  readonly #queue: Queue<Parcel>;
  readonly #worker: Worker<Parcel>;
  readonly #logger: Logger | undefined;
  readonly #token = randomUUID();
  readonly #background = new Set<Promise<void>>();
  #complaint: string | undefined;
  #stalledCheckedAt = Number.NEGATIVE_INFINITY;
  readonly #unasked: NodeJS.Timeout;
  /** How often something was put in. */
  #added = 0;
  #isEmpty = false;

  /** Loads BullMQ and connects. Fails with `STATE_UNAVAILABLE`. */
  static async open(options: DeliveryOptions): Promise<Delivery> {
    const [bullmq, client] = await Promise.all([import('./bullmq.js'), connect(options.connection, options.answerWithinMs)]);
    const base = { connection: client, prefix: `{${options.prefix}}:bull`, skipVersionCheck: true };
    const queue = new bullmq.Queue<Parcel>(NAME, { ...base, streams: { events: { maxLen: EVENTS_KEPT } } });
    const worker = new bullmq.Worker<Parcel>(
      NAME,
      null,
      { ...base, autorun: false, skipLockRenewal: true, lockDuration: LOCK_MS, stalledInterval: STALLED_CHECK_MS, removeOnComplete: NONE_KEPT, removeOnFail: NONE_KEPT },
      // Without the second connection, which only a fetch that blocks needs.
      (name, settings) => bullmq.createRedisBackend(name, settings),
    );
    return new Delivery({ client, queue, worker }, options.logger);
  }

  private constructor({ client, queue, worker }: { client: RedisClient; queue: Queue<Parcel>; worker: Worker<Parcel> }, logger: Logger | undefined) {
    this.#client = client;
    this.#queue = queue;
    this.#worker = worker;
    this.#logger = logger;
    this.#unasked = setInterval(() => this.bringStalled(), UNASKED_CHECK_MS).unref();
    queue.on('error', (error) => this.#complain(error));
    worker.on('error', (error) => this.#complain(error));
  }

  /** Whether there was nothing left to fetch, and this process has put nothing in since. Another one may have. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Puts offers into the queue and fetches up to `count` jobs. Both are sent at once, and the server does them in this order. */
  async addAndFetch(offers: readonly Offer[], count: number): Promise<Delivered[]> {
    if (offers.length === 0) return await this.fetch(count);
    const adding = this.#add(offers);
    adding.catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    const delivered = await this.fetch(count);
    if (delivered.length === 0) await adding;
    return delivered;
  }

  /** One that is there already is left alone. */
  async #add(offers: readonly Offer[]): Promise<void> {
    const jobs = offers.map(({ ticket, handOut, priority }) => ({
      name: NAME,
      data: { ticket },
      opts: {
        jobId: toJobId(ticket, handOut),
        priority: priority === undefined ? NORMAL : PRIORITIES[priority],
        attempts: 1,
        removeOnComplete: true,
        removeOnFail: true,
      },
    }));
    this.#added += 1;
    this.#isEmpty = false;
    await this.#ask(() => this.#queue.addBulk(jobs));
  }

  /** Fetches up to `count` jobs, all at once. Those that came are answered even when others failed: they are ours now. */
  async fetch(count: number): Promise<Delivered[]> {
    const token = this.#token;
    const added = this.#added;
    const results = await Promise.allSettled(Array.from({ length: count }, () => this.#ask(() => this.#worker.getNextJob(token, { block: false }))));
    const jobs = results.flatMap((result) => (result.status === 'fulfilled' && isJob(result.value) ? [result.value] : []));
    const failed = results.find((result) => result.status === 'rejected');
    if (jobs.length === 0 && failed !== undefined) throw failed.reason;
    if (jobs.length < count && failed === undefined) this.#isEmpty = added === this.#added;
    return jobs.map((job) => ({ job, token, ticket: job.data.ticket }));
  }

  /** Removes jobs that were fetched. Nobody waits for it: one that stays is brought again after a while, for nothing. */
  finish(delivered: readonly Delivered[]): void {
    for (const { job, token } of delivered) this.#inBackground(() => job.moveToCompleted(null, token, false));
  }

  /**
   * Puts the jobs of the dead back, at most once a second: those that were in somebody's hands with the last call, and whose lock has run
   * out. A ticket that lies in such hands is due, so workers that have room for it keep taking. Nobody waits for it.
   */
  bringStalled(): void {
    const now = performance.now();
    if (now - this.#stalledCheckedAt < STALLED_CHECK_MS) return;
    this.#stalledCheckedAt = now;
    this.#inBackground(async () => {
      if ((await this.#worker.backend.moveStalledJobsToWait()).length > 0) this.#isEmpty = false;
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#unasked);
    while (this.#background.size > 0) await Promise.all(this.#background);
    await Promise.all([this.#worker.close(), this.#queue.close()]);
    this.#client.disconnect();
  }

  #inBackground(send: () => Promise<unknown>): void {
    const done = this.#ask(send).then(
      () => void (this.#complaint = undefined),
      (thrown: unknown) => this.#complain(thrown),
    );
    this.#background.add(done);
    void done.then(() => this.#background.delete(done));
  }

  async #ask<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (thrown) {
      if (isSilence(thrown)) giveUpConnection(this.#client);
      throw toDeliveryError(thrown);
    }
  }

  /** One line is enough for a row of the same failures. */
  #complain(thrown: unknown): void {
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    if (problem !== this.#complaint) this.#logger?.warn('a hand-over could not be completed; it is repeated', { problem });
    this.#complaint = problem;
  }
}

/** The same for the same hand-over. BullMQ takes no colon, and no number alone, which a ticket's id never is. */
export function toJobId(ticket: TicketId, handOut: number): string {
  return `${ticket.replaceAll('%', '%25').replaceAll(':', '%3A')}.${String(handOut)}`;
}

/** BullMQ's types leave out that there may be none. */
function isJob(job: Job<Parcel> | undefined): job is Job<Parcel> {
  return job !== undefined;
}
