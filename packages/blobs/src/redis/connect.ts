import { type Cluster, Redis, type RedisOptions } from 'ioredis';

/**
 * Where Redis is: an address (`redis://` or `rediss://`), options of ioredis (Sentinel among them), or a function that
 * makes the client (a Cluster, say), whose time-outs are then its own.
 */
export type RedisConnection = { readonly url: string } | RedisOptions | (() => Redis | Cluster);

/** A server that is gone is reported after seconds; one that is back is used again at once. */
const LIMITS = {
  lazyConnect: true,
  connectTimeout: 1_000,
  commandTimeout: 10_000,
  maxRetriesPerRequest: 1,
  retryStrategy: (attempt) => Math.min(50 * attempt, 500),
} satisfies RedisOptions;

export function connect(connection: RedisConnection): Redis | Cluster {
  const redis = open(connection);
  // Without a listener an error would be printed, or end the process; each command reports it already.
  redis.on('error', () => undefined);
  return redis;
}

function open(connection: RedisConnection): Redis | Cluster {
  if (typeof connection === 'function') return connection();
  if ('url' in connection) return new Redis(connection.url, LIMITS);
  return new Redis({ ...LIMITS, ...connection, replyMapping: 'legacy' });
}
