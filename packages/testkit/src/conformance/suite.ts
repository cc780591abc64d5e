import type { Catalog, Claims, EventLog, JobQueue, RateLimits, Records, Retention, StepLogs } from '@kb-labs/ports';

import type { FakeClock } from '../fake-clock.js';

/** One promise of a port, and how to see that an adapter keeps it. Rejects when it does not. */
export interface ConformanceCase<Subject> {
  readonly name: string;
  run(subject: Subject): Promise<void>;
}

/** The two functions of a test runner that a suite needs: vitest's own, or any with their shape. */
export interface TestRunner {
  describe(name: string, define: () => void): unknown;
  it(name: string, test: () => Promise<void>): unknown;
}

/** The durable ports of one store. */
export interface StorePorts {
  readonly log: EventLog;
  readonly catalog: Catalog;
  readonly queue: JobQueue;
  readonly claims: Claims;
  readonly logs: StepLogs;
  readonly records: Records;
  readonly rateLimits: RateLimits;
  readonly retention: Retention;
}

/** A store to be judged, empty. It reads its time, and sets its timers, with `clock`. */
export interface StoreUnderTest extends StorePorts {
  readonly clock: FakeClock;
  /** How much real time a hint of another process may take, in milliseconds. 5 s when left out. */
  readonly patienceMs?: number;
  /** Opens the same state once more, as another process would. It ends with `close`. */
  second(): Promise<StorePorts>;
  close(): Promise<void>;
}

interface Closable {
  close(): Promise<void>;
}

export function describeCases<Subject extends Closable>(
  cases: readonly ConformanceCase<Subject>[],
  make: () => Promise<Subject>,
  options: { title: string; runner: TestRunner },
): void {
  options.runner.describe(options.title, () => {
    for (const each of cases) options.runner.it(each.name, () => runCase(each, make));
  });
}

/** Runs one case on a fresh subject. */
export async function runCase<Subject extends Closable>(each: ConformanceCase<Subject>, make: () => Promise<Subject>): Promise<void> {
  const subject = await make();
  try {
    await each.run(subject);
  } finally {
    await subject.close();
  }
}
