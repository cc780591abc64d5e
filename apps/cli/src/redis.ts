/** The state in Redis: a program of its own, for it brings a client along that most commands do without. */
export { composeRedisState } from '@kb-labs/daemon/redis-state';
