import { AppError } from '@kb-labs/errors';

import type { EngineDeps } from './deps.js';
import { RecordKind } from './record-kind.js';

const LEASE_KIND = new RecordKind<{ readonly holder: string }>('lease');
const KEY = 'retention-sweep';
/** After it a sweep that was not renewed counts as dead. */
const HOLD_MS = 120_000;
/** From the end of a sweep to the next. */
const REST_MS = 55 * 60_000;

/** The right to sweep. */
export interface SweepHold {
  /** Fails with `LEASE_LOST` when somebody else sweeps by now. */
  renew(): Promise<void>;
  /** Keeps others from sweeping for the rest of the hour. */
  done(): Promise<void>;
  /** Lets the next one try. */
  giveUp(): Promise<void>;
}

/** `undefined` while another holds it, and for the rest of the hour after it has swept. */
export async function holdSweep({ records, clock, ids }: Pick<EngineDeps, 'records' | 'clock' | 'ids'>): Promise<SweepHold | undefined> {
  const holder = ids.workerId();
  let version: number | undefined = 0;
  const write = async (forMs: number): Promise<boolean> => {
    if (version === undefined) return false;
    const written = await records.write([LEASE_KIND.put(KEY, { holder }, { expected: version, expiresAt: clock.now() + forMs })]);
    if (!written) return false;
    const stored = await LEASE_KIND.get(records, KEY);
    version = stored?.value.holder === holder ? stored.version : undefined;
    return version !== undefined;
  };
  if (!(await write(HOLD_MS))) return undefined;
  return {
    renew: async () => {
      if (!(await write(HOLD_MS))) throw new AppError('LEASE_LOST');
    },
    done: async () => {
      await write(REST_MS);
    },
    giveUp: async () => {
      if (version !== undefined) await records.write([LEASE_KIND.remove(KEY, version)]);
    },
  };
}
