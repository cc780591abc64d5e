const DAY_MS = 24 * 3_600_000;
const GiB = 1024 ** 3;

/** What the runs of a tenant may use. What is left out has no bound. */
export interface Tier {
  /** Of all keys of the tenant together. */
  readonly requestsPerMinute?: number;
  /** Of one key. */
  readonly requestsPerMinutePerKey?: number;
  /** Runs that are asked for over HTTP. */
  readonly runsPerMinute?: number;
  /** Jobs at once. */
  readonly runningJobs?: number;
  readonly retention: RetentionPolicy;
}

/** How long, and how much of it, is kept of runs that have ended. */
export interface RetentionPolicy {
  /** The run with all there is of it. */
  readonly runs: KeptFor;
  readonly logs: KeptFor;
  readonly artifacts: KeptFor;
}

export interface KeptFor {
  /** Since the run ended. */
  readonly ageMs?: number;
  /** Of the tenant. Those that ended first go first. */
  readonly bytes?: number;
}

/** The tiers there are without any setting. */
export const TIERS: Readonly<Record<'free' | 'pro' | 'enterprise', Tier>> = {
  free: {
    requestsPerMinute: 300,
    requestsPerMinutePerKey: 120,
    runsPerMinute: 30,
    runningJobs: 4,
    retention: { runs: { ageMs: 30 * DAY_MS, bytes: 5 * GiB }, logs: { ageMs: 7 * DAY_MS, bytes: GiB }, artifacts: { ageMs: 7 * DAY_MS, bytes: 2 * GiB } },
  },
  pro: {
    requestsPerMinute: 3_000,
    requestsPerMinutePerKey: 1_200,
    runsPerMinute: 300,
    runningJobs: 32,
    retention: { runs: { ageMs: 180 * DAY_MS, bytes: 100 * GiB }, logs: { ageMs: 90 * DAY_MS, bytes: 20 * GiB }, artifacts: { ageMs: 90 * DAY_MS, bytes: 50 * GiB } },
  },
  /** Removes nothing by itself. */
  enterprise: {
    requestsPerMinute: 30_000,
    requestsPerMinutePerKey: 12_000,
    runsPerMinute: 3_000,
    retention: { runs: {}, logs: {}, artifacts: {} },
  },
};

/** Of tenants that none was chosen for. Whoever sets nothing loses nothing. */
export const DEFAULT_TIER = 'enterprise';
export const TIER_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
