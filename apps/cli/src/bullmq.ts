/** What brings the tickets of a state in Redis to a daemon: a program of its own, for no command needs it. */
export { createRedisBackend, Queue, Worker } from '@kb-labs/runner/bullmq';
