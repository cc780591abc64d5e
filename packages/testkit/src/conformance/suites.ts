import { BLOBS_CASES, type BlobsUnderTest } from './blobs-cases.js';
import { CATALOG_CASES } from './catalog-cases.js';
import { APPEND_CASES, CREATE_CASES } from './event-log-cases.js';
import { INTERLEAVING_CASE } from './interleaving-case.js';
import { HAND_OUT_CASES, LEASE_CASES, QUEUE_VIEW_CASES } from './job-queue-cases.js';
import { STEP_LOGS_CASES } from './step-logs-cases.js';
import { describeCases, type StoreUnderTest, type TestRunner } from './suite.js';

export const EVENT_LOG_CASES = [...CREATE_CASES, ...APPEND_CASES, INTERLEAVING_CASE];
export const JOB_QUEUE_CASES = [...HAND_OUT_CASES, ...LEASE_CASES, ...QUEUE_VIEW_CASES];

type MakeStore = () => Promise<StoreUnderTest>;

/** Every promise of `EventLog`, the atomic hand-over to the queue included. `makeStore` answers a fresh, empty store. */
export function eventLogSuite(name: string, makeStore: MakeStore, runner: TestRunner): void {
  describeCases(EVENT_LOG_CASES, makeStore, { title: `event log: ${name}`, runner });
}

export function jobQueueSuite(name: string, makeStore: MakeStore, runner: TestRunner): void {
  describeCases(JOB_QUEUE_CASES, makeStore, { title: `job queue: ${name}`, runner });
}

export function stepLogsSuite(name: string, makeStore: MakeStore, runner: TestRunner): void {
  describeCases(STEP_LOGS_CASES, makeStore, { title: `step logs: ${name}`, runner });
}

export function catalogSuite(name: string, makeStore: MakeStore, runner: TestRunner): void {
  describeCases(CATALOG_CASES, makeStore, { title: `catalog: ${name}`, runner });
}

export function blobsSuite(name: string, makeBlobs: () => Promise<BlobsUnderTest>, runner: TestRunner): void {
  describeCases(BLOBS_CASES, makeBlobs, { title: `blobs: ${name}`, runner });
}
