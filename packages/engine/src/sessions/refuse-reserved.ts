import { findReserved, FLOW_KEY, type JsonValue } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

/** Fails with `RESERVED_KEY` when somebody sends the key, at any depth, by which the daemon knows the runs of its flows. */
export function refuseReserved(values: Readonly<Record<string, JsonValue | undefined>>): void {
  for (const [name, value] of Object.entries(values)) {
    const path = findReserved(value);
    if (path !== undefined) throw new AppError('RESERVED_KEY', { key: FLOW_KEY, path: `${name}${path.startsWith('[') ? '' : '.'}${path}` });
  }
}
