import type { Diagnostic, JsonValue } from '@kb-labs/contracts';
import { AppError, suggestName } from '@kb-labs/errors';
import type { WorkflowDocument } from '@kb-labs/manifest';

import { checkWorkflow } from './check-workflow.js';
import type { EngineDeps } from './deps.js';

export type FindWorkflowDeps = Pick<EngineDeps, 'workflows' | 'plugins'>;

/**
 * The checked document of a workflow. Fails with `WORKFLOW_NOT_FOUND`, or with `WORKFLOW_INVALID`, whose details hold the
 * diagnostics.
 */
export async function findWorkflow(deps: FindWorkflowDeps, id: string): Promise<WorkflowDocument> {
  const candidates = await deps.workflows.candidates(id);
  const checked = await Promise.all(candidates.map((source) => checkWorkflow(source, deps)));
  const found = checked.filter((candidate) => candidate.document?.workflow.id === id);
  const [first, second] = found;
  if (first?.document === undefined) {
    // A document too broken to have an id could be the one that was meant: its errors help more than "not found".
    const broken = checked.filter((candidate) => candidate.document === undefined).flatMap((candidate) => candidate.diagnostics);
    const known = broken.length > 0 ? [] : await knownIds(deps);
    const hint = suggestName(id, known);
    if (broken.length > 0) throw invalid(id, broken);
    throw new AppError('WORKFLOW_NOT_FOUND', { id }, hint === undefined ? {} : { hint });
  }
  if (second?.document !== undefined) {
    const files = found.map((candidate) => candidate.document?.file ?? '');
    throw new AppError('DUPLICATE_WORKFLOW', { id, other: files.join(' and ') });
  }
  if (!first.ok) throw invalid(id, first.diagnostics);
  return first.document;
}

function invalid(id: string, diagnostics: readonly Diagnostic[]): AppError {
  return new AppError('WORKFLOW_INVALID', { id, diagnostics: diagnostics.map((one): JsonValue => ({ ...one })) });
}

async function knownIds(deps: FindWorkflowDeps): Promise<string[]> {
  const sources = await deps.workflows.list();
  const checked = await Promise.all(sources.map((source) => checkWorkflow(source, deps)));
  return checked.flatMap((one) => (one.document === undefined ? [] : [one.document.workflow.id]));
}
