import { bytesDigest } from '@kb-labs/digest';

import type { ExportDigests, FlowExport } from './export-shape.js';
import { exportText } from './export-text.js';

/** `manifestDigest`: as `playbookDigest` has it. */
export function digestsOf({ digests: _, ...parts }: Omit<FlowExport, 'digests'> & { readonly digests?: unknown }, manifestDigest: string): ExportDigests {
  const { view, record, release_history, evidence, runs } = parts;
  return {
    view: digestPart('view', view),
    record: digestPart('record', record),
    manifest: manifestDigest,
    release_history: digestPart('release_history', release_history),
    evidence: digestPart('evidence', evidence),
    runs: Object.fromEntries(runs.map((run) => [run.run_id, digestPart('run', run)])),
    all: digestPart('flow-export', parts),
  };
}

function digestPart(type: string, value: unknown): string {
  return bytesDigest(Buffer.from(exportText({ type, value })));
}
