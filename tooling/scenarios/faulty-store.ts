import type { EngineDeps } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';
import type { Blobs, Callbacks, Catalog, Claims, Clock, EventLog, JobQueue, StepLogs } from '@kb-labs/ports';

/** What the engine keeps its state in. */
export type FaultyPorts = Pick<EngineDeps, 'log' | 'catalog' | 'queue' | 'claims' | 'logs' | 'blobs' | 'callbacks'>;

/**
 * What is done to a call: it fails before it is made; it is made and fails all the same; it is made late; it is made at once
 * and answered late, so that what was read is old by then. A hint can only be late.
 */
export type Fault = 'before' | 'after' | 'late' | 'old';

export interface Faults {
  /** In [0, 1). */
  readonly random: () => number;
  /** How many calls of a hundred meet each kind of fault. */
  readonly percent: number;
  /** What delays are measured by. */
  readonly clock: Clock;
  /** By method, how often each was done to it. Every method of every port is in it. */
  readonly met: Map<string, Partial<Record<Fault, number>>>;
}

const DELAY_MS = 1_000;
const WRITE = ['before', 'after', 'late'] as const;
const READ = ['before', 'after', 'late', 'old'] as const;
const HINT = ['late'] as const;
/** Computed on the spot. */
const SUM = ['before', 'after'] as const;

type Table<Port, Without extends keyof Port = never> = Readonly<Record<Exclude<keyof Port, Without>, readonly Fault[]>>;

const log: Table<EventLog> = { append: WRITE, create: WRITE, read: READ, watch: HINT };
const catalog: Table<Catalog> = { listRuns: READ, getRun: READ, openRuns: READ, countOpen: READ, listWaits: READ };
/** What a worker that stands by is handed comes with a write, and fails with it. */
const queue: Table<JobQueue, 'standBy'> = {
  join: WRITE,
  leave: WRITE,
  take: WRITE,
  renew: WRITE,
  release: WRITE,
  discard: WRITE,
  ensure: WRITE,
  ticketsOf: READ,
  counts: READ,
  served: READ,
  nextDue: READ,
  onReady: HINT,
};
const claims: Table<Claims> = { of: READ };
const logs: Table<StepLogs> = { append: WRITE, lastLine: READ, read: READ, watch: HINT };
/** Nothing of a run removes bytes. */
const blobs: Table<Blobs, 'remove'> = { put: WRITE, get: READ };
const callbacks: Table<Callbacks> = { urlOf: SUM, runOf: SUM };
const METHODS = { log, catalog, queue, claims, logs, blobs, callbacks };

/** A state that fails, or has done what was asked and fails all the same, or takes its time. */
export function faultyStore(ports: FaultyPorts, faults: Faults): FaultyPorts {
  const wrap = <Name extends keyof FaultyPorts>(name: Name): FaultyPorts[Name] => faulty(ports[name], name, faults);
  return { log: wrap('log'), catalog: wrap('catalog'), queue: wrap('queue'), claims: wrap('claims'), logs: wrap('logs'), blobs: wrap('blobs'), callbacks: wrap('callbacks') };
}

function faulty<Name extends keyof FaultyPorts>(port: FaultyPorts[Name], name: Name, faults: Faults): FaultyPorts[Name] {
  const methods = new Map<string | symbol, (call: Call, given: unknown[]) => unknown>();
  for (const [method, kinds] of Object.entries<readonly Fault[]>(METHODS[name])) {
    const met: Partial<Record<Fault, number>> = {};
    faults.met.set(`${name}.${method}`, met);
    const choose = chooser(kinds, met, faults);
    methods.set(method, kinds === HINT ? hinting(choose, faults.clock) : kinds === SUM ? summing(choose) : asking(choose, faults.clock));
  }
  return new Proxy(port, {
    get(target, method) {
      const own: unknown = Reflect.get(target, method);
      const around = methods.get(method);
      if (typeof own !== 'function') return own;
      if (around === undefined) return own.bind(target) as unknown;
      return (...given: unknown[]) => around((...args) => Reflect.apply(own, target, args), given);
    },
  });
}

type Call = (...args: unknown[]) => unknown;
type Choose = () => Fault | undefined;

/** The first calls of a method meet one kind each, so that none is left out; the others meet them by chance. */
function chooser(kinds: readonly Fault[], met: Partial<Record<Fault, number>>, { random, percent }: Faults): Choose {
  return () => {
    const fault = kinds.find((kind) => met[kind] === undefined) ?? kinds[Math.floor((random() * 100) / percent)];
    if (fault !== undefined) met[fault] = (met[fault] ?? 0) + 1;
    return fault;
  };
}

function asking(choose: Choose, clock: Clock) {
  return async (call: Call, given: unknown[]): Promise<unknown> => {
    const fault = choose();
    if (fault === 'before') throw unavailable();
    if (fault === 'late') await pause(clock);
    const answer = await call(...given);
    if (fault === 'after') throw unavailable();
    if (fault === 'old') await pause(clock);
    return answer;
  };
}

function summing(choose: Choose) {
  return (call: Call, given: unknown[]): unknown => {
    const fault = choose();
    if (fault === 'before') throw unavailable();
    const answer = call(...given);
    if (fault === 'after') throw unavailable();
    return answer;
  };
}

/** The last argument is who is told. */
function hinting(choose: Choose, clock: Clock) {
  return (call: Call, given: unknown[]): unknown => {
    const tell = given.at(-1);
    if (typeof tell !== 'function') throw new Error('nobody is told');
    return call(...given.slice(0, -1), () => {
      if (choose() === 'late') clock.after(DELAY_MS, () => void tell(), { unref: true });
      else tell();
    });
  };
}

function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => void clock.after(DELAY_MS, resolve));
}

function unavailable(): AppError {
  return new AppError('STATE_UNAVAILABLE', { problem: 'a fault of the test' });
}
