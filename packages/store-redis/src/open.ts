import { AppError } from '@kb-labs/errors';
import type { Catalog, Claims, Clock, EventLog, HandOver, JobQueue, Logger, RateLimits, Records, Retention, StepLogs } from '@kb-labs/ports';

import { RedisCatalog } from './catalog.js';
import { ChangeWatch } from './change-watch.js';
import { checkServer } from './check-redis.js';
import { listClaims } from './claims.js';
import { connectForCommands, connectForHints, type RedisConnection } from './connect.js';
import type { StoreDeps } from './deps.js';
import { RedisEventLog } from './event-log.js';
import { RedisHandOver } from './hand-over.js';
import { RedisJobQueue } from './job-queue.js';
import { KEYS_SCHEMA, type Keys, keysOf } from './keys.js';
import { areKeysTogether } from './keys-together.js';
import { Link } from './link.js';
import { Outbox } from './outbox.js';
import { Presence } from './presence.js';
import { RedisRateLimits } from './rate-limits.js';
import { readSecret } from './read-secret.js';
import { RedisRecords } from './records.js';
import { RedisRetention } from './retention.js';
import { RedisStepLogs } from './step-logs.js';
import { ServerTime } from './server-time.js';
import { StandingBy } from './standing-by.js';
import { Sweep } from './sweep.js';
import { systemTimers } from './system-timers.js';
import { type HandingOutDeps, TicketTaker } from './take-tickets.js';

export interface RedisStoreOptions {
  readonly connection: RedisConnection;
  /** What all keys of this installation begin with. Default `kb`. */
  readonly prefix?: string;
  /** Opens a server that can forget what it acknowledged: without an append-only file, or one that evicts keys. */
  readonly allowVolatile?: boolean;
  readonly logger?: Logger;
  /** For tests: time and timers come from here instead of the server and the system. */
  readonly clock?: Clock;
  /** How long the server may take for an answer before its connection is given up, in milliseconds. Default 5000. */
  readonly answerWithinMs?: number;
  /** How often watchers of runs and logs are called without a hint, in milliseconds. Default 1000. */
  readonly checkMs?: number;
  /** How often to look for what other processes left undone, in milliseconds. One that is silent for three times as long counts as dead. Default 5000. */
  readonly sweepMs?: number;
  /** How long a worker counts as alive after it was last heard of, in milliseconds. Default 10000. */
  readonly presenceMs?: number;
}

export interface RedisStore {
  readonly log: EventLog;
  readonly catalog: Catalog;
  readonly queue: JobQueue;
  /** For a delivery engine that brings the queue's tickets to workers. */
  readonly handOver: HandOver;
  readonly claims: Claims;
  readonly logs: StepLogs;
  readonly records: Records;
  readonly rateLimits: RateLimits;
  readonly retention: Retention;
  /** The time of the server, in ms since the epoch, which due times and leases go by. Known without asking. */
  now(): number;
  /** Fails with a `STATE_*` error unless the state can be read and written now. */
  check(): Promise<void>;
  /** 32 random bytes that every process of the installation is given under this name. Made when they are first asked for. */
  secret(name: string): Promise<Buffer>;
  /** Does now what processes that died left undone. It happens by itself as well. */
  flushOutbox(): Promise<void>;
  /** Finishes what was asked for and lets go of the connections. Watchers are forgotten; later calls fail with `STATE_UNAVAILABLE`. */
  close(): Promise<void>;
}

const CHECK_MS = 1_000;
const SWEEP_MS = 5_000;
const PRESENCE_MS = 10_000;
const PROBE_KEPT_MS = 1_000;

/** Opens the state in a Redis server. Fails with `STATE_UNSAFE`, `STATE_SCHEMA` or `STATE_UNAVAILABLE`. */
export async function openRedisStore(options: RedisStoreOptions): Promise<RedisStore> {
  const { connection, logger } = options;
  const timers = options.clock ?? systemTimers;
  const keys = keysOf(options.prefix ?? 'kb');
  const link = new Link(connectForCommands(connection, options.answerWithinMs), options.clock);
  const time = new ServerTime(link, keys, systemTimers);
  let keysTogether: boolean;
  try {
    await checkServer(link, connection, { allowVolatile: options.allowVolatile ?? false, ...(logger === undefined ? {} : { logger }) });
    await checkSchema(link, keys);
    keysTogether = await areKeysTogether(link, keys);
    if (options.clock === undefined) await time.start();
  } catch (thrown) {
    await link.close();
    throw thrown;
  }
  const now = (): number => (options.clock ?? time).now();
  const shared: StoreDeps = { link, keys, outbox: new Outbox(link, keys), keysTogether };
  const watch = new ChangeWatch({ clock: timers, logger, checkMs: options.checkMs ?? CHECK_MS, channels: keys.channels, connect: () => connectForHints(connection) });
  const presence = new Presence(link, keys, { clock: timers, presenceMs: options.presenceMs ?? PRESENCE_MS });
  const standingBy = new StandingBy();
  const taker = new TicketTaker(shared, presence, standingBy);
  const deps: HandingOutDeps = { ...shared, taker };
  const sweep = new Sweep(deps, { clock: timers, now, logger, everyMs: options.sweepMs ?? SWEEP_MS });
  sweep.start();
  let closing: Promise<void> | undefined;
  return {
    log: new RedisEventLog(deps, watch),
    catalog: new RedisCatalog(link, keys),
    queue: new RedisJobQueue(deps, { presence, standingBy, watch }),
    handOver: new RedisHandOver(deps, { taker, presence }),
    claims: { of: (runId) => link.operate(() => listClaims(link, keys, runId)) },
    logs: new RedisStepLogs(link, keys, watch),
    records: new RedisRecords(link, keys),
    rateLimits: new RedisRateLimits(link, keys),
    retention: new RedisRetention(deps),
    now,
    check: () => link.operate(async () => void (await link.call('SET', keys.probe, '1', 'PX', PROBE_KEPT_MS))),
    secret: (name) => link.operate(() => readSecret(link, keys.secret(name))),
    flushOutbox: () => link.operate(() => sweep.all()),
    close() {
      watch.close();
      presence.close();
      sweep.stop();
      time.stop();
      return (closing ??= link.close());
    },
  };
}

async function checkSchema(link: Link, keys: Keys): Promise<void> {
  await link.call('HSETNX', keys.meta, 'schema', KEYS_SCHEMA);
  const found = await link.call('HGET', keys.meta, 'schema');
  if (found === String(KEYS_SCHEMA)) return;
  throw new AppError('STATE_SCHEMA', { problem: `its keys are of version ${String(found)}, this program knows ${String(KEYS_SCHEMA)}` });
}
