import { setTimeout as wait } from 'node:timers/promises';

import { AppError } from '@kb-labs/errors';
import type { StorePorts } from '@kb-labs/testkit';

interface Faults {
  /** In [0, 1). */
  readonly random: () => number;
  /** How many calls of a hundred fail before they are made, after they were made, and are late. */
  readonly percent: number;
  /** Calls that are about one run fail this often at most: a step that its worker had to give up too often is taken for one that ends its worker. */
  readonly mostOfRun: number;
  /** Counts what was done to calls. */
  readonly met: { before: number; after: number; late: number };
}

/** A store that fails, or has done what was asked and fails all the same, or takes its time. Hints are left alone. */
export function faultyStore(store: StorePorts, faults: Faults): StorePorts {
  const { log, catalog, queue, claims, logs } = store;
  const failed = new Map<string, number>();
  const strike = (given: readonly unknown[]): boolean => {
    const run = runOf(given[0]);
    if (run === undefined) return true;
    const times = failed.get(run) ?? 0;
    if (times < faults.mostOfRun) failed.set(run, times + 1);
    return times < faults.mostOfRun;
  };
  return {
    log: faulty(log, faults, strike),
    catalog: faulty(catalog, faults, strike),
    queue: faulty(queue, faults, strike),
    claims: faulty(claims, faults, strike),
    logs: faulty(logs, faults, strike),
  };
}

const HINTS = new Set<string | symbol>(['watch', 'onReady']);
const LATE_MS = 10;

function faulty<T extends object>(port: T, { random, percent, met }: Faults, strike: (given: readonly unknown[]) => boolean): T {
  return new Proxy(port, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      const call = (...given: unknown[]): unknown => Reflect.apply(method, target, given);
      if (HINTS.has(name)) return call;
      return async (...given: unknown[]) => {
        const roll = Math.floor((random() * 100) / percent);
        if (roll === 0 && strike(given)) {
          met.before += 1;
          throw unavailable();
        }
        if (roll === 1) {
          met.late += 1;
          await wait(random() * LATE_MS);
        }
        const answer = await call(...given);
        if (roll !== 2 || !strike(given)) return answer;
        met.after += 1;
        throw unavailable();
      };
    },
  });
}

/** The run that a call is about, when it is about one. */
function runOf(first: unknown): string | undefined {
  if (typeof first === 'string') return first;
  return typeof first === 'object' && first !== null && 'runId' in first ? String(first.runId) : undefined;
}

function unavailable(): AppError {
  return new AppError('STATE_UNAVAILABLE', { problem: 'a fault of the test' });
}
