import { toRunId, toWorkerId } from '@kb-labs/contracts';
import type { Ids } from '@kb-labs/ports';

/** The digits of a ULID (Crockford's base 32). */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ULID_LENGTH = 26;

/** Ids that count: valid, the same in every run of a test, and sorted by the time of creation. */
export function countingIds(): Ids {
  let runs = 0;
  let workers = 0;
  let sessions = 0;
  let flows = 0;
  return {
    runId: () => toRunId(countedUlid((runs += 1))),
    workerId: () => toWorkerId(countedUlid((workers += 1))),
    sessionId: () => `ses-${countedUlid((sessions += 1)).toLowerCase()}`,
    flowId: () => `flow-${countedUlid((flows += 1)).toLowerCase()}`,
  };
}

function countedUlid(count: number): string {
  let text = '';
  for (let rest = count; rest > 0; rest = Math.floor(rest / DIGITS.length)) text = (DIGITS[rest % DIGITS.length] ?? '') + text;
  return text.padStart(ULID_LENGTH, '0');
}
