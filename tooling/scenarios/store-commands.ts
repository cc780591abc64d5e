import { type RunStatus, TIME_LIMIT } from '@kb-labs/contracts';
import fc from 'fast-check';

/** Picks by number among what there is when the command is given: any number is valid, whatever happened before. */
const pick = fc.nat({ max: 30 });
/** Of a list that grows, counted from its end: mostly one of the newest. */
const latest = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 3 }) }, { weight: 1, arbitrary: pick });

const job = fc.constantFrom('a', 'b', TIME_LIMIT);
const step = fc.constantFrom('s', 't');
const group = fc.constantFrom('g', 'h');
const name = fc.oneof({ weight: 4, arbitrary: fc.constantFrom('go', 'stop') }, { weight: 1, arbitrary: fc.constantFrom('', '\ud800') });
const status = fc.constantFrom<RunStatus>('queued', 'running', 'waiting');
const endStatus = fc.constantFrom<RunStatus>('success', 'failed', 'cancelled', 'skipped', 'quarantined');
const workflow = fc.constantFrom('w', 'x');
const tenant = fc.constantFrom('one', 'other');
const limit = fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 8, arbitrary: fc.integer({ min: 1, max: 4 }) });
const delayMs = fc.constantFrom(0, 0, 1, 4_000);
const text = fc.constantFrom('plain', '', '\u0000', '\u{1f600}\r\n\t', '\u2028"\\', 'true', '1e400', '\ud800 half');

const ticket = fc.record({
  job,
  attempt: fc.integer({ min: 1, max: 2 }),
  turn: fc.nat({ max: 1 }),
  delayMs,
  priority: fc.constantFrom('high' as const, undefined, undefined, 'low' as const),
});
const claim = fc.record({ group, job: fc.constantFrom(null, 'a', 'b') });
const wait = fc.oneof(
  fc.record({ job: fc.constantFrom('a', 'b'), step, kind: fc.constantFrom('approval' as const, 'callback' as const) }),
  fc.record({ job: fc.constantFrom('a', 'b'), step, kind: fc.constant('signal' as const), name }),
);
const ownCaps = fc.dictionary(tenant, fc.nat({ max: 4 }), { maxKeys: 2, noNullPrototype: true });
const caps = fc.record({ total: fc.nat({ max: 4 }), perTenant: fc.nat({ max: 3 }), ofTenant: ownCaps }, { requiredKeys: [] });

const create = fc.record({
  do: fc.constant('create' as const),
  /** A run id that was used before. */
  again: rarely(pick),
  /** The run whose tree it belongs to; its own when left out. */
  under: rarely(pick),
  workflow,
  tenant,
  status: fc.oneof({ weight: 9, arbitrary: status }, { weight: 1, arbitrary: endStatus }),
  key: mostly(fc.record({ key: fc.constantFrom('k', 'l'), digest: fc.constantFrom('1', '2'), keepMs: fc.constantFrom(0, 5_000) })),
  maxOpenRuns: fc.constantFrom(100, 100, 100, 3),
  enqueue: fc.array(ticket, { maxLength: 2 }),
  claim: fc.array(claim, { maxLength: 2 }),
});

const append = fc.record({
  do: fc.constant('append' as const),
  run: pick,
  /** One of the leases of the run, valid or not. */
  fence: rarely(latest),
  /** How far behind the journal's end the decision was made, -1 past it; none for a record. */
  behind: rarely(fc.integer({ min: -1, max: 3 })),
  events: fc.nat({ max: 2 }),
  text,
  status: rarely(status),
  ends: fc.oneof({ weight: 14, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: endStatus }),
  settle: fc.array(latest, { maxLength: 2 }),
  enqueue: fc.array(ticket, { maxLength: 2 }),
  claim: fc.array(claim, { maxLength: 2 }),
  unclaim: fc.array(fc.constantFrom('a', 'b'), { maxLength: 1 }),
  open: fc.array(wait, { maxLength: 2 }),
  close: fc.array(fc.constantFrom('a', 'b'), { maxLength: 1 }),
});

/** Each reads page by page to the end. */
const lists = fc.oneof(
  fc.record({
    do: fc.constant('list-runs' as const),
    filter: fc.record({ workflowId: fc.constantFrom('w', 'x', 'none'), status: fc.oneof(status, endStatus) }, { requiredKeys: [] }),
    sinceMs: rarely(fc.constantFrom(-1, 0, 1, 4_000)),
    before: rarely(pick),
    limit,
  }),
  fc.record({ do: fc.constant('open-runs' as const), after: mostly(pick), limit }),
  fc.record({
    do: fc.constant('list-waits' as const),
    kind: rarely(fc.constantFrom('approval' as const, 'signal' as const, 'callback' as const)),
    name: mostly(name),
    run: rarely(pick),
    /** A cursor of an earlier answer. */
    after: rarely(latest),
    limit,
  }),
  fc.record({ do: fc.constant('read' as const), run: pick, after: fc.nat({ max: 6 }), limit: mostly(limit) }),
  fc.record({
    do: fc.constant('read-lines' as const),
    /** Whose run is read. */
    lease: latest,
    job: rarely(fc.oneof(job, fc.constant(''))),
    step: rarely(fc.oneof(step, fc.constant(''))),
    since: rarely(fc.nat({ max: 4 })),
    /** A cursor of an earlier answer. */
    after: rarely(latest),
    limit,
  }),
);

/** One call of a store, or a step of the clock. */
const storeCommand = fc.oneof(
  { weight: 4, arbitrary: create },
  { weight: 10, arbitrary: append },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('ensure' as const), tickets: fc.array(fc.record({ run: pick, ticket }), { minLength: 1, maxLength: 3 }) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('take' as const), worker: pick, limit, caps: rarely(caps) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('renew' as const, 'release' as const, 'discard' as const), leases: fc.array(latest, { minLength: 1, maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const), worker: pick, scope: rarely(fc.array(pick, { maxLength: 2 })) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), worker: pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 4_000, 10_000) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('log' as const),
      lease: latest,
      /** Of the lease's run when left out. */
      run: rarely(pick),
      steps: fc.array(step, { maxLength: 3 }),
      /** How many numbers are left out before the first line. */
      gap: fc.constantFrom(0, 0, 0, 0, 1, -1),
      text,
    }),
  },
  { weight: 9, arbitrary: lists },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('look' as const) }) },
);

/** A list of commands for an empty store. Not only the short lists that are tried first by themselves: little happens in them. */
export const storeCommands: fc.Arbitrary<StoreCommand[]> = fc
  .noBias(fc.array(storeCommand, { maxLength: 60, size: 'max' }))
  .map((commands) => [...OPENING, ...commands]);

export type StoreCommand = typeof storeCommand extends fc.Arbitrary<infer T> ? T : never;

const dueTicket = { attempt: 1, turn: 0, delayMs: 0 as const, priority: undefined };
const openedRun: Omit<Extract<StoreCommand, { do: 'create' }>, 'tenant'> = {
  do: 'create',
  again: undefined,
  under: undefined,
  key: undefined,
  status: 'queued',
  workflow: 'w',
  maxOpenRuns: 100,
  enqueue: [{ ...dueTicket, job: 'a' }, { ...dueTicket, job: 'b' }],
  claim: [],
};

/** Every list begins with them, so that there is something to do from the start. */
const OPENING: readonly StoreCommand[] = [
  { ...openedRun, tenant: 'one' },
  { ...openedRun, tenant: 'other' },
  { do: 'join', worker: 0, scope: undefined },
  { do: 'join', worker: 1, scope: [0] },
];

/** Left out more often than not. */
function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

function mostly<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary });
}
