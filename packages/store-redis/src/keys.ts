import type { RunId } from '@kb-labs/contracts';

/** The version of these keys and what is under them. Another one in the server is refused. */
export const KEYS_SCHEMA = 2;

/**
 * What is kept for the installation, under one hash tag. A name that ends in ":" is the start of many keys; what follows
 * it is said beside it. Lists of ids are sorted sets with one score, read in the order of their members.
 */
const INSTALLATION = {
  meta: 'meta',
  /** Numbers given last: to `ticket`, `claim`, `wait`, `offer` and as `token`. And how many tickets there are: `tickets`, `held`, and of these `orphaned`: in the lanes, their worker gone. */
  counter: 'counter',

  /** Every run: by id; by time of creation; and `…:<workflow>`, `…:<status>`, `…:<workflow>:<status>`. */
  runs: 'runs',
  byTime: 'runs:time',
  byWorkflow: 'runs:workflow:',
  byStatus: 'runs:status:',
  byBoth: 'runs:both:',
  /** The same of one tenant, whose name comes last. And the tenants that have runs. */
  byTenant: 'runs:tenant:',
  byTenantWorkflow: 'runs:tenant-workflow:',
  byTenantStatus: 'runs:tenant-status:',
  byTenantBoth: 'runs:tenant-both:',
  tenantsWithRuns: 'runs:tenants',
  open: 'runs:open',
  /** `…:<run>`, a hash: what applying its next entry, and removing it, needs. */
  run: 'run:',

  /** `…:<tenant>`, runs that have ended by when: all, those that have a log, those that refer to blobs. */
  ended: 'ended:all:',
  endedWithLog: 'ended:log:',
  endedWithArtifacts: 'ended:artifacts:',
  /** `…:<tenant>`, a hash: the bytes of its runs that have ended, by part. */
  kept: 'kept:',
  /** `<run>/<parts>` whose removal has begun, by when; runs that were removed not long ago, so that a late entry of theirs is known. */
  removing: 'removing',
  removed: 'removed',
  /** `…:<run>`, a hash: the blobs it refers to, with their bytes. How many runs refer to each blob; those that none does any more, by when. */
  blobsOf: 'blobs:run:',
  blobs: 'blobs',
  unusedBlobs: 'blobs:unused',

  /** `…:<kind>:<key>`, a hash; `…:<kind>`, its keys; and all that end, by when, as `<kind>:<key>`. */
  record: 'record:',
  recordsOf: 'records:',
  recordsByTime: 'records',
  /** `…:<bucket>`, a hash; gone some time after it is full again. */
  rate: 'rate:',

  /** Runs whose creation has begun, by when; and the commands of those that came with an idempotency key. */
  reserved: 'reserved',
  commands: 'reserved:commands',
  /** `…:<key>`, a hash; and all of them by when their time is over. */
  key: 'key:',
  keysByTime: 'keys',

  /** `…:<ticket>`, a hash; `…:<run>`, the ids of its tickets. */
  ticket: 'ticket:',
  ticketsOf: 'tickets:',
  /** Tickets that can be handed out, by when they are due: `…:<rank>`, `…:<rank>:<tenant>`, `…:<rank>:<root>:<tenant>`. */
  lane: 'lane:',
  laneOfTenant: 'lane:tenant:',
  laneOfRoot: 'lane:root:',
  /** Tickets in the lanes or late that were offered and not taken, by when they were last; and how many, by tenant. */
  offered: 'offered',
  offeredOf: 'offered:tenants',
  /** How many tickets the lanes hold, by tenant; `…:<root>` below one run. */
  tenants: 'tenants',
  tenantsOf: 'tenants:',
  /** Held tickets by the end of their lease; those whose lease ran out while their worker lives; `…:<worker>` holds. */
  leases: 'leases',
  late: 'late',
  heldBy: 'held:',
  /** How many tickets count against the caps: `total` and `tenant:<tenant>`. */
  holding: 'holding',

  /** Workers by when they will count as silent; those that do, by since when; `…:<worker>`, a hash. */
  workers: 'workers',
  silent: 'workers:silent',
  worker: 'worker:',

  /** `…:<group>`, its owners in order; `…:<run>`, the group of each of its owners. */
  group: 'group:',
  claimsOf: 'claims:',

  /** Steps that wait for something from outside, in order: all, `…:<run>`, `…:<kind>`, `…:<name>`; and what each is. */
  waits: 'waits',
  waitsOf: 'waits:run:',
  waitsOfKind: 'waits:kind:',
  waitsOfName: 'waits:name:',
  /** The same of one tenant: `…:<tenant>`, `…:<kind>:<tenant>`, `…:<length of the tenant>:<tenant>:<name>`. */
  waitsOfTenant: 'waits:tenant:',
  waitsOfTenantKind: 'waits:tenant-kind:',
  waitsOfTenantName: 'waits:tenant-name:',
  waitData: 'waits:data',
  /** `…:<run>`: the waits of each of its jobs. */
  waitsByJob: 'waits:jobs:',

  /** Held by whoever looks for what a crash left, so that one of many does. */
  sweeper: 'sweeper',
  /** Processes that have the state open, by when they count as dead unless they are heard of again. */
  processes: 'processes',
  /** Written to see whether writing goes. */
  probe: 'probe',
  /** `…:<name>`: random bytes as hex, the same for every process. */
  secret: 'secret:',
  /** Channel: a ticket may be takeable; 'room' when fewer are held and that is all. */
  ready: 'ready',
} as const;

/** The keys of one run, under its own hash tag. */
interface RunKeys {
  /** Hash: the end of the journal and the summary. */
  readonly run: string;
  /** List: an event at `seq - 1`, as `<at> <body>`. */
  readonly events: string;
  /** Hash: for each ticket `<incarnation>:<token>:<held>`. */
  readonly tickets: string;
  /** List: what is to be done under the tag of the installation, as `<n> <entry>`. */
  readonly outbox: string;
  /** List: log lines in the order they came, as `<step> <at> <line>`. */
  readonly lines: string;
  /** Hash: for each step `<number>:<last line>:<bytes>`. */
  readonly steps: string;
}

export interface Channels {
  readonly runs: string;
  readonly ready: string;
  run(runId: string): string;
  logs(runId: string): string;
}

export interface Keys {
  /** The start of every key of the installation. */
  readonly base: string;
  readonly meta: string;
  readonly sweeper: string;
  readonly processes: string;
  readonly probe: string;
  secret(name: string): string;
  readonly runs: string;
  readonly byTime: string;
  readonly open: string;
  readonly reserved: string;
  readonly commands: string;
  readonly removing: string;
  readonly unusedBlobs: string;
  readonly tenantsWithRuns: string;
  keptOf(tenant: string): string;
  /** The list of runs that a filter walks. */
  listOf(filter: { tenant?: string; workflowId?: string; status?: string }): string;
  of(runId: RunId): RunKeys;
  readonly channels: Channels;
}

export function keysOf(prefix: string): Keys {
  const base = `{${prefix}}:`;
  const at = (name: keyof typeof INSTALLATION): string => base + INSTALLATION[name];
  const runKey = (runId: string, name: string): string => `${prefix}:{${runId}}:${name}`;
  return {
    base,
    meta: at('meta'),
    sweeper: at('sweeper'),
    processes: at('processes'),
    probe: at('probe'),
    secret: (name) => at('secret') + name,
    runs: at('runs'),
    byTime: at('byTime'),
    open: at('open'),
    reserved: at('reserved'),
    commands: at('commands'),
    removing: at('removing'),
    unusedBlobs: at('unusedBlobs'),
    tenantsWithRuns: at('tenantsWithRuns'),
    keptOf: (tenant) => at('kept') + tenant,
    listOf({ tenant, workflowId, status }) {
      const narrowed = [workflowId, status].filter((part) => part !== undefined);
      const name = (['runs', 'byWorkflow', 'byStatus', 'byBoth'] as const)[(workflowId === undefined ? 0 : 1) + (status === undefined ? 0 : 2)] ?? 'runs';
      if (tenant === undefined) return at(name) + narrowed.join(':');
      const ofTenant = { runs: 'byTenant', byWorkflow: 'byTenantWorkflow', byStatus: 'byTenantStatus', byBoth: 'byTenantBoth' } as const;
      return at(ofTenant[name]) + [...narrowed, tenant].join(':');
    },
    of: (runId) => ({
      run: runKey(runId, 'run'),
      events: runKey(runId, 'events'),
      tickets: runKey(runId, 'tickets'),
      outbox: runKey(runId, 'outbox'),
      lines: runKey(runId, 'lines'),
      steps: runKey(runId, 'steps'),
    }),
    channels: {
      runs: at('runs'),
      ready: at('ready'),
      run: (runId) => runKey(runId, 'run'),
      logs: (runId) => runKey(runId, 'lines'),
    },
  };
}

/** The key of a run for a script that learns only on its way which run it is. */
export const LUA_RUN_KEY = `local function runKey(base, run, name) return string.sub(base, 2, -3) .. ':{' .. run .. '}:' .. name end`;

/**
 * Puts the same names where a script says `K.<name>`; `base` is the base there. A table of them would be made anew for each call.
 */
export function withKeys(source: string): string {
  return source.replaceAll(/\bK\.(\w+)/g, (_, name: string) => {
    if (!Object.hasOwn(INSTALLATION, name)) throw new Error(`no key is called ${name}`);
    return `base .. '${INSTALLATION[name as keyof typeof INSTALLATION]}'`;
  });
}
