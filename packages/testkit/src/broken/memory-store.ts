import type { StoreUnderTest } from '../conformance/suite.js';
import type { Fault } from './fault.js';
import { claimsOf } from './memory-claims.js';
import { catalogOf, stepLogsOf } from './memory-lists.js';
import { eventLogOf } from './memory-log.js';
import { jobQueueOf } from './memory-queue.js';
import { MemoryState } from './memory-state.js';

/** Hints come at once here; one that has not come by then never will. In milliseconds. */
const PATIENCE_MS = 20;

/** A store in memory that keeps every promise but the one named: what a conformance suite must notice. */
export function memoryStore(fault?: Fault): StoreUnderTest {
  const state = new MemoryState(fault);
  const ports = { log: eventLogOf(state), catalog: catalogOf(state), queue: jobQueueOf(state), claims: claimsOf(state), logs: stepLogsOf(state) };
  return { ...ports, clock: state.clock, patienceMs: PATIENCE_MS, second: () => Promise.resolve(ports), close: () => Promise.resolve() };
}
