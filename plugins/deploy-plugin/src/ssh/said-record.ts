import type { ReleaseRecord } from '../release/requests.js';

/** The digest in a record that a server has told; whoever can write there could have put anything into it. */
export function digestIn(said: ReadonlyMap<string, string>, name: 'was' | 'is'): string | undefined {
  try {
    const record = JSON.parse(said.get(name) ?? '') as Partial<ReleaseRecord> | null;
    return typeof record?.digest === 'string' ? record.digest : undefined;
  } catch {
    return undefined;
  }
}
