import type { RunId, TicketId, WorkerId } from '@kb-labs/contracts';
import type { HandOver, JobQueue, Lease, TakeOptions } from '@kb-labs/ports';
import { openRedisStore, type RedisStore } from '@kb-labs/store-redis';
import { aCreate, aTicket, countingIds, memoryLogger, type MemoryLogger, type RedisServer, startRedisServer } from '@kb-labs/testkit';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

import { createRunner, type Runner, type RunnerConnection, type RunnerOptions } from './index.js';

const LEASE_MS = 60_000;
const ids = countingIds();

export interface Opened {
  readonly store: RedisStore;
  readonly runner: Runner;
  readonly queue: JobQueue;
  readonly logger: MemoryLogger;
}

export interface OpenedServer {
  readonly server: RedisServer;
  readonly redis: Redis;
  /** The keys of the case that runs begin with it. */
  readonly prefix: string;
  open(options?: Partial<RunnerOptions> & { connection?: RunnerConnection }): Promise<Opened>;
  /** The keys BullMQ keeps of jobs. */
  jobKeys(): Promise<string[]>;
}

/** One server for the cases of a file, keys of its own for each of them; what a case opens is closed after it. */
export function openedServer(): OpenedServer {
  let server: RedisServer | undefined;
  let redis: Redis | undefined;
  let cases = 0;
  const closers: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    server = await startRedisServer();
    redis = new Redis(server.url);
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    cases += 1;
  });
  afterAll(async () => {
    redis?.disconnect();
    await server?.stop();
  });
  const opened: OpenedServer = {
    get server() {
      if (server === undefined) throw new Error('the server has not been started');
      return server;
    },
    get redis() {
      if (redis === undefined) throw new Error('the server has not been started');
      return redis;
    },
    get prefix() {
      return `case-${String(cases)}`;
    },
    async open(options = {}) {
      const made = await openOn(options.connection ?? { url: opened.server.url }, opened.prefix, options);
      closers.push(() => close(made));
      return made;
    },
    async jobKeys() {
      return (await opened.redis.keys(`{${opened.prefix}}:bull:tickets:run_*`)).filter((key) => !key.endsWith(':lock'));
    },
  };
  return opened;
}

export async function openOn(connection: RunnerConnection, prefix: string, options: Partial<RunnerOptions> = {}): Promise<Opened> {
  const { answerWithinMs } = options;
  const store = await openRedisStore({ connection, prefix, ...(answerWithinMs === undefined ? {} : { answerWithinMs }) });
  const logger = memoryLogger();
  const runner = createRunner({ queue: store.queue, handOver: asShared(store.handOver), prefix, clock: { now: Date.now }, logger, ...options, connection });
  return { store, runner, queue: runner.queue, logger };
}

/** As with daemons on several machines: a backlog is BullMQ's to bring. */
export function asShared(handOver: HandOver): HandOver {
  return {
    isShared: () => true,
    offer: (options) => handOver.offer(options),
    takeOffered: (worker, tickets, options) => handOver.takeOffered(worker, tickets, options),
  };
}

export async function close({ runner, store }: Pick<Opened, 'runner' | 'store'>): Promise<void> {
  await runner.close();
  await store.close();
}

export async function join(queue: JobQueue, ...scope: RunId[]): Promise<WorkerId> {
  const id = ids.workerId();
  await queue.join(scope.length === 0 ? { id } : { id, scope });
  return id;
}

/** A run with a ticket for each job. */
export async function openRun({ store }: Pick<Opened, 'store'>, ...jobs: string[]): Promise<RunId> {
  const runId = ids.runId();
  await store.log.create(aCreate(runId, { enqueue: jobs.map((job) => aTicket(runId, { job })) }));
  return runId;
}

export function take(queue: JobQueue, worker: WorkerId, how: Partial<TakeOptions> = {}): Promise<Lease[]> {
  return queue.take(worker, { limit: 100, leaseMs: LEASE_MS, ...how });
}

/** Asks as a worker does until something is there. */
export async function takeSoon(queue: JobQueue, worker: WorkerId, count: number): Promise<TicketId[]> {
  const taken: TicketId[] = [];
  const deadline = AbortSignal.timeout(20_000);
  while (taken.length < count) {
    taken.push(...(await take(queue, worker)).map(({ id }) => id));
    if (deadline.aborted) throw new Error(`only ${String(taken.length)} of ${String(count)} tickets came`);
    if (taken.length < count) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return taken;
}

export async function eventually(look: () => Promise<boolean>): Promise<void> {
  await expect.poll(look, { timeout: 20_000, interval: 20 }).toBe(true);
}
