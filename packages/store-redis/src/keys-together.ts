import type { RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { Keys } from './keys.js';
import type { Link } from './link.js';

const ANY_RUN = 'run_' as RunId;
/** What is sent to see. */
export const PROBE = 'return 1';

/** Whether a script may touch the keys of a run and those of the installation. A cluster refuses that, also one of a single node, and so does whoever divides keys behind one address. */
export async function areKeysTogether(link: Link, keys: Keys): Promise<boolean> {
  try {
    await link.call('EVAL', PROBE, 2, keys.probe, keys.of(ANY_RUN).run);
    return true;
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.cause instanceof Error && thrown.cause.message.includes('CROSSSLOT')) return false;
    throw thrown;
  }
}
