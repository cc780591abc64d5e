import type { NewAuditEntry } from '@kb-labs/contracts';
import { fromUnknown } from '@kb-labs/errors';

import type { EngineDeps } from './deps.js';
import { recordAudit } from './record-audit.js';

/** Does something with its traces: one before, so that nothing is done without any, and one behind it when it was refused. */
export async function audited<Result>(deps: Pick<EngineDeps, 'records' | 'clock'>, entry: Omit<NewAuditEntry, 'outcome'>, act: () => Promise<Result>): Promise<Result> {
  await recordAudit(deps, { ...entry, outcome: 'asked' });
  try {
    return await act();
  } catch (thrown) {
    await recordAudit(deps, { ...entry, outcome: 'refused', details: { ...entry.details, code: fromUnknown(thrown).code } });
    throw thrown;
  }
}
