import type { Cluster, Redis } from 'ioredis';

export interface RedisPlace {
  readonly redis: Redis | Cluster;
  /** Before every key. */
  readonly prefix: string;
}
