/**
 * The delivery engine: a queue whose workers of all runs are brought their tickets by BullMQ. The store goes on deciding
 * who holds what.
 */
export type { ClientSettings, RedisClient, RunnerConnection } from './connect.js';
export { createRunner } from './create-runner.js';
export type { Runner, RunnerOptions } from './create-runner.js';
