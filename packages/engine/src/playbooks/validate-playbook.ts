import type { Diagnostic, JsonObject } from '@kb-labs/contracts';

import type { EngineDeps } from '../deps.js';
import type { FindWorkflowDeps } from '../find-workflow.js';

export interface PlaybookValidation {
  /** As written; `null` when the text is not one. */
  readonly manifest: JsonObject | null;
  readonly digest: string | null;
  /** By place. A manifest without errors can be kept, and its flows started where this was asked. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Everything that can be known to be wrong with a manifest here: with its text, and with what its flows would run. Nothing is kept. */
export async function validatePlaybook(deps: FindWorkflowDeps & Pick<EngineDeps, 'secrets'>, source: { readonly text: string; readonly file: string }): Promise<PlaybookValidation> {
  const [{ readPlaybook }, { checkReach }] = await Promise.all([import('@kb-labs/manifest'), import('./check-reach.js')]);
  const read = readPlaybook(source);
  if (!read.ok) return { manifest: null, digest: null, diagnostics: read.diagnostics };
  const { manifest, data, digest, locate } = read.value;
  const found = (await checkReach(deps, manifest)).map((finding) => locate(finding));
  return { manifest: data, digest, diagnostics: [...read.diagnostics, ...found].toSorted((a, b) => a.line - b.line || a.column - b.column) };
}
