import { DEFAULT_TIER, type KeptFor, parseSize, type RetentionPolicy, type Tier, TIERS } from '@kb-labs/contracts';
import { AppError, suggestName } from '@kb-labs/errors';

import type { ConfiguredTiers, NamedTier } from './config.js';
import type { WrittenConfig } from './config-schema.js';
import { parseAge } from './kept-age.js';

type WrittenTier = NonNullable<WrittenConfig['tiers']>[string];
type WrittenKept = NonNullable<NonNullable<WrittenTier['retention']>['runs']>;

/** The tiers there are, and which tenant has which. Fails with `CONFIG_INVALID` when a tenant is given one that is not there. */
export function readTiers(written: Pick<WrittenConfig, 'tiers' | 'tenants' | 'default-tier'>): ConfiguredTiers {
  const tiers = new Map<string, Tier>(Object.entries(TIERS));
  for (const [name, tier] of Object.entries(written.tiers ?? {})) tiers.set(name, toTier(tier, tiers.get(name)));
  const find = (name: string, where: string): NamedTier => {
    const tier = tiers.get(name);
    if (tier !== undefined) return Object.freeze({ name, ...tier });
    const hint = suggestName(name, [...tiers.keys()]);
    throw new AppError('CONFIG_INVALID', { problem: `there is no tier "${name}", which ${where} names` }, hint === undefined ? {} : { hint });
  };
  const ofTenant = new Map(Object.entries(written.tenants ?? {}).map(([tenant, name]) => [tenant, find(name, `the tenant "${tenant}"`)]));
  return { names: [...tiers.keys()], ofTenant, ofOthers: find(written['default-tier'] ?? DEFAULT_TIER, '"default-tier"') };
}

export function tierOf({ ofTenant, ofOthers }: ConfiguredTiers, tenant: string): NamedTier {
  return ofTenant.get(tenant) ?? ofOthers;
}

/** How many jobs tenants may run at once: what their tiers allow, and no more than `atMost`. */
export function jobsByTenant({ ofTenant, ofOthers }: ConfiguredTiers, atMost: number | undefined): { others?: number; named?: Readonly<Record<string, number>> } {
  const capOf = ({ runningJobs = Infinity }: Tier): number => Math.min(runningJobs, atMost ?? Infinity);
  const others = capOf(ofOthers);
  // Caps are written as JSON, which has no word for "without an end".
  const named = [...ofTenant].flatMap(([tenant, tier]) => (capOf(tier) === others ? [] : [[tenant, Math.min(capOf(tier), Number.MAX_SAFE_INTEGER)] as const]));
  return { ...(others === Infinity ? {} : { others }), ...(named.length === 0 ? {} : { named: Object.freeze(Object.fromEntries(named)) }) };
}

/** What is not written stays as it is in the tier of the same name; in a new one, it has no bound. */
function toTier(written: WrittenTier, known: Tier | undefined): Tier {
  const requestsPerMinute = written['requests-per-minute'] ?? known?.requestsPerMinute;
  const requestsPerMinutePerKey = written['requests-per-minute-per-key'] ?? known?.requestsPerMinutePerKey;
  const runsPerMinute = written['runs-per-minute'] ?? known?.runsPerMinute;
  const runningJobs = written['running-jobs'] ?? known?.runningJobs;
  return {
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(requestsPerMinutePerKey === undefined ? {} : { requestsPerMinutePerKey }),
    ...(runsPerMinute === undefined ? {} : { runsPerMinute }),
    ...(runningJobs === undefined ? {} : { runningJobs }),
    retention: toRetention(written.retention, known?.retention),
  };
}

function toRetention(written: WrittenTier['retention'], known: RetentionPolicy | undefined): RetentionPolicy {
  const keptOf = (part: keyof RetentionPolicy): KeptFor => toKept(written?.[part], known?.[part]);
  return { runs: keptOf('runs'), logs: keptOf('logs'), artifacts: keptOf('artifacts') };
}

function toKept(written: WrittenKept | undefined, known: KeptFor = {}): KeptFor {
  const ageMs = written?.age === undefined ? known.ageMs : parseAge(written.age);
  const bytes = written?.bytes === undefined ? known.bytes : parseSize(written.bytes);
  return { ...(ageMs === undefined ? {} : { ageMs }), ...(bytes === undefined ? {} : { bytes }) };
}
