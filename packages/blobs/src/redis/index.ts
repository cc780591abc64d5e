/** Bytes by their sha256 digest, in Redis. */
export type { RedisConnection } from './connect.js';
export { redisBlobs } from './redis-blobs.js';
export type { RedisBlobs, RedisBlobsOptions } from './redis-blobs.js';
