/** What is used of BullMQ: a door of its own, for it takes a while to load and a program in one file can leave it apart. */
export { createRedisBackend, Queue, Worker } from 'bullmq';
