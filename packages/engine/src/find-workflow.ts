import type { Diagnostic, JsonValue } from '@kb-labs/contracts';
import { AppError, suggestName } from '@kb-labs/errors';
import type { CheckedDocument, WorkflowSource } from '@kb-labs/ports';

import type { DocumentCheck } from './check-document.js';
import { shapeOf } from './command-shape.js';
import type { EngineDeps } from './deps.js';

export type FindWorkflowDeps = Pick<EngineDeps, 'workflows' | 'plugins' | 'checked' | 'limits'>;

/**
 * The checked document of a workflow. Fails with `WORKFLOW_NOT_FOUND`, or with `WORKFLOW_INVALID`, whose details hold the
 * diagnostics.
 */
export async function findWorkflow(deps: FindWorkflowDeps, id: string): Promise<CheckedDocument> {
  return (await findDocument(deps, id)).checked;
}

/** The same, with what was checked. */
export async function findDocument(deps: FindWorkflowDeps, id: string): Promise<{ readonly checked: CheckedDocument; readonly source: WorkflowSource }> {
  const candidates = await deps.workflows.candidates(id);
  const checks = await Promise.all(candidates.map((source) => checkOnce(deps, source)));
  const found = checks.filter((check) => idOf(check) === id);
  const [first] = found;
  if (first === undefined) throw await notFound(deps, id, checks);
  if (found.length > 1) {
    throw new AppError('DUPLICATE_WORKFLOW', { id, other: found.map((check) => check.source.file).join(' and ') });
  }
  if (first.checked === undefined) throw invalid(id, first.diagnostics);
  return { checked: first.checked, source: first.source };
}

type FileCheck = DocumentCheck & { readonly source: WorkflowSource };

/** What was checked before and has not changed, in the document or in the commands it uses, is not checked again. */
export async function checkOnce(deps: FindWorkflowDeps, source: WorkflowSource): Promise<FileCheck> {
  const known = await deps.checked?.read(source);
  if (known !== undefined && (await holds(deps, known))) return { source, checked: known, diagnostics: [] };
  const { checkDocument } = await import('./check-document.js');
  const check = await checkDocument(source, deps);
  // A document with warnings is checked every time: they are to be seen.
  if (check.checked !== undefined && check.diagnostics.length === 0) await deps.checked?.write(source, check.checked);
  return { source, ...check };
}

async function holds(deps: FindWorkflowDeps, known: CheckedDocument): Promise<boolean> {
  for (const { uses, shape } of known.commands) if (shapeOf(await deps.plugins.resolve(uses)) !== shape) return false;
  for (const call of known.calls) if ((await digestOf(deps, call.id)) !== call.digest) return false;
  return true;
}

function idOf(check: DocumentCheck): string | undefined {
  return check.checked?.id ?? check.document?.workflow.id;
}

/** A document too broken to have an id could be the one that was meant: its errors help more than "not found". */
async function notFound(deps: FindWorkflowDeps, id: string, checks: readonly DocumentCheck[]): Promise<AppError> {
  const broken = checks.filter((check) => idOf(check) === undefined).flatMap((check) => check.diagnostics);
  if (broken.length > 0) return invalid(id, broken);
  const sources = await deps.workflows.list();
  const all = await Promise.all(sources.map((source) => checkOnce(deps, source)));
  const unread = all.filter((check) => idOf(check) === undefined).map((check) => check.source.file);
  const hints = [suggestName(id, all.flatMap((check) => idOf(check) ?? [])), unread.length === 0 ? undefined : `there are errors in ${unread.join(', ')}`];
  const hint = hints.filter((one) => one !== undefined).join('; ');
  return new AppError('WORKFLOW_NOT_FOUND', { id }, hint === '' ? {} : { hint });
}

function invalid(id: string, diagnostics: readonly Diagnostic[]): AppError {
  return new AppError('WORKFLOW_INVALID', { id, diagnostics: diagnostics.map((one): JsonValue => ({ ...one })) });
}

/** Digest of a workflow that another one calls; `undefined` when there is none, or several. */
async function digestOf(deps: FindWorkflowDeps, id: string): Promise<string | undefined> {
  const sources = await deps.workflows.candidates(id);
  const found: string[] = [];
  for (const source of sources) {
    const checked = await deps.checked?.read(source);
    if (checked?.id === id) found.push(checked.plan.workflow.digest);
    else if (checked === undefined) return undefined;
  }
  return found.length === 1 ? found[0] : undefined;
}
