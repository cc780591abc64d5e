import type { StoreUnderTest } from '../conformance/suite.js';
import type { Fault } from './fault.js';
import { claimsOf } from './memory-claims.js';
import { catalogOf, stepLogsOf } from './memory-lists.js';
import { eventLogOf } from './memory-log.js';
import { jobQueueOf } from './memory-queue.js';
import { rateLimitsOf } from './memory-rates.js';
import { recordsOf } from './memory-records.js';
import { retentionOf } from './memory-retention.js';
import { MemoryState } from './memory-state.js';

/** Hints come at once here; one that has not come by then never will. In milliseconds. */
const PATIENCE_MS = 20;

/** A store in memory that keeps every promise but the one named: what a conformance suite must notice. */
export function memoryStore(fault?: Fault): StoreUnderTest {
  const state = new MemoryState(fault);
  const ports = { log: eventLogOf(state), catalog: catalogOf(state), queue: jobQueueOf(state), claims: claimsOf(state), logs: stepLogsOf(state), records: recordsOf(state), retention: retentionOf(state) };
  const buckets = new Map();
  const rateLimits = rateLimitsOf(state, buckets);
  const second = { ...ports, rateLimits: rateLimitsOf(state, fault === 'every process has its own buckets' ? new Map() : buckets) };
  return { ...ports, rateLimits, clock: state.clock, patienceMs: PATIENCE_MS, second: () => Promise.resolve(second), close: () => Promise.resolve() };
}
