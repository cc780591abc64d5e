/**
 * Every durable port of the engine on Redis: the journals of runs, their catalog, the tickets of jobs and the logs of
 * steps. Any number of processes on any number of machines can use one server, or one cluster.
 */
export { checkRedis } from './check-redis.js';
export type { CheckOptions } from './check-redis.js';
export type { ClientSettings, ConnectionOptions, RedisClient, RedisConnection } from './connect.js';
export { openRedisStore } from './open.js';
export type { RedisStore, RedisStoreOptions } from './open.js';
