import { BEGIN_CASES } from './begin-cases.js';
import { BLOBS_CASES, type BlobsUnderTest } from './blobs-cases.js';
import { CAPS_CASES } from './caps-cases.js';
import { CATALOG_CASES } from './catalog-cases.js';
import { CLAIMS_CASES } from './claims-cases.js';
import { ENDED_RUN_CASES } from './ended-run-cases.js';
import { QUEUE_COUNT_CASES, RUN_COUNT_CASES } from './count-cases.js';
import { APPEND_CASES, CREATE_CASES } from './event-log-cases.js';
import { INTERLEAVING_CASE } from './interleaving-case.js';
import { HAND_OUT_CASES, LEASE_CASES, QUEUE_VIEW_CASES } from './job-queue-cases.js';
import { RATE_LIMITS_CASES } from './rate-limits-cases.js';
import { RECORDS_CASES } from './records-cases.js';
import { BLOB_REFERENCE_CASES } from './blob-reference-cases.js';
import { RETENTION_CASES } from './retention-cases.js';
import { SHARES_CASES } from './shares-cases.js';
import { STAND_BY_CASES } from './stand-by-cases.js';
import { STEP_LOGS_CASES } from './step-logs-cases.js';
import { describeCases, type StoreUnderTest, type TestRunner } from './suite.js';
import { WAIT_CASES } from './wait-cases.js';

export const EVENT_LOG_CASES = [...CREATE_CASES, ...APPEND_CASES, ...ENDED_RUN_CASES, INTERLEAVING_CASE];
export const JOB_QUEUE_CASES = [...HAND_OUT_CASES, ...STAND_BY_CASES, ...BEGIN_CASES, ...LEASE_CASES, ...QUEUE_VIEW_CASES, ...QUEUE_COUNT_CASES, ...CAPS_CASES, ...SHARES_CASES];

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
  describeCases([...CATALOG_CASES, ...RUN_COUNT_CASES, ...WAIT_CASES], makeStore, { title: `catalog: ${name}`, runner });
}

/** Concurrency groups: `Claims`, and what appends and hand-outs have to do with them. */
export function claimsSuite(name: string, makeStore: MakeStore, runner: TestRunner): void {
  describeCases(CLAIMS_CASES, makeStore, { title: `claims: ${name}`, runner });
}

export function recordsSuite(name: string, makeStore: MakeStore, runner: TestRunner): void {
  describeCases(RECORDS_CASES, makeStore, { title: `records: ${name}`, runner });
}

export function rateLimitsSuite(name: string, makeStore: MakeStore, runner: TestRunner): void {
  describeCases(RATE_LIMITS_CASES, makeStore, { title: `rate limits: ${name}`, runner });
}

/** What is kept of runs that have ended and how it is removed, the blobs that runs refer to included. */
export function retentionSuite(name: string, makeStore: MakeStore, runner: TestRunner): void {
  describeCases([...RETENTION_CASES, ...BLOB_REFERENCE_CASES], makeStore, { title: `retention: ${name}`, runner });
}

export function blobsSuite(name: string, makeBlobs: () => Promise<BlobsUnderTest>, runner: TestRunner): void {
  describeCases(BLOBS_CASES, makeBlobs, { title: `blobs: ${name}`, runner });
}
