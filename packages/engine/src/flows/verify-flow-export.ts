import type { JsonValue } from '@kb-labs/contracts';

import type { FlowVerification } from './export-shape.js';

/**
 * Checks an export by itself. A text, or the bytes of a file, has to be the one that was written, to the last byte; a value what it
 * says. Never throws.
 */
export async function verifyFlowExport(given: JsonValue | Uint8Array): Promise<FlowVerification> {
  const { checkExport } = await import('./check-export.js');
  return checkExport(given);
}
