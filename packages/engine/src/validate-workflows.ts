import type { Diagnostic, Workflow } from '@kb-labs/contracts';
import { AppError, fromUnknown, messageOf, suggestName } from '@kb-labs/errors';
import type { WorkflowDocument } from '@kb-labs/manifest';
import type { WorkflowSource } from '@kb-labs/ports';
import { needsOf } from '@kb-labs/resolver';

import type { EngineDeps } from './deps.js';
import type { FindWorkflowDeps } from './find-workflow.js';

/** A workflow as lists show it. */
export interface WorkflowEntry {
  readonly id: string;
  readonly name: string;
  readonly version: string | null;
  readonly description: string | null;
  readonly file: string;
  readonly digest: string;
  /** Whether it can run. */
  readonly valid: boolean;
  readonly inputs: NonNullable<Workflow['inputs']>;
  readonly jobs: readonly {
    readonly key: string;
    readonly name: string;
    readonly needs: readonly string[];
    readonly steps: readonly { readonly id: string; readonly name: string; readonly uses: string }[];
  }[];
}

export interface Validation {
  readonly workflows: readonly WorkflowEntry[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Checks documents: the given ones, or all of the project. Ids used twice are found among what is checked. */
export async function validateWorkflows(
  deps: Pick<EngineDeps, 'workflows' | 'plugins' | 'limits' | 'secrets'>,
  sources?: readonly WorkflowSource[],
): Promise<Validation> {
  const { checkDocument } = await import('./check-document.js');
  const checked = await Promise.all((sources ?? (await deps.workflows.list())).map((source) => checkDocument(source, deps)));
  const documents = checked.flatMap((one) => (one.document === undefined ? [] : [{ document: one.document, valid: one.checked !== undefined }]));
  return {
    workflows: documents.map(({ document, valid }) => toEntry(document, valid)),
    diagnostics: [...checked.flatMap((one) => one.diagnostics), ...duplicates(documents.map((one) => one.document)), ...(await missingSecrets(deps, documents.map((one) => one.document)))],
  };
}

/** One workflow for people: what it takes and what it does. Fails with `WORKFLOW_NOT_FOUND`. */
export async function showWorkflow(deps: FindWorkflowDeps, id: string): Promise<WorkflowEntry> {
  const { workflows } = await validateWorkflows(deps);
  const entry = workflows.find((workflow) => workflow.id === id);
  if (entry !== undefined) return entry;
  const hint = suggestName(id, workflows.map((workflow) => workflow.id));
  throw new AppError('WORKFLOW_NOT_FOUND', { id }, hint === undefined ? {} : { hint });
}

/** Secrets that are not there, or cannot be used, on this machine: another may have them, so that is no error. */
async function missingSecrets({ secrets }: Pick<EngineDeps, 'secrets'>, documents: readonly WorkflowDocument[]): Promise<Diagnostic[]> {
  if (secrets === undefined) return [];
  const warnings = documents.flatMap((document) =>
    (document.workflow.secrets ?? []).map(async (name, index): Promise<Diagnostic[]> => {
      try {
        if ((await secrets.get(name)) !== undefined) return [];
        throw new AppError('SECRET_MISSING', { name, where: secrets.whereOf(name) });
      } catch (thrown) {
        const { code, message, hint } = fromUnknown(thrown);
        return [document.locate({ code, severity: 'warning', message, ...(hint === undefined ? {} : { hint }), path: ['secrets', index] })];
      }
    }),
  );
  return (await Promise.all(warnings)).flat();
}

function duplicates(documents: readonly WorkflowDocument[]): Diagnostic[] {
  const first = new Map<string, string>();
  return documents.flatMap((document) => {
    const { id } = document.workflow;
    const other = first.get(id);
    if (other !== undefined) return [document.locate({ code: 'DUPLICATE_WORKFLOW', message: messageOf('DUPLICATE_WORKFLOW', { id, other }), path: ['id'] })];
    first.set(id, document.file);
    return [];
  });
}

function toEntry(document: WorkflowDocument, valid: boolean): WorkflowEntry {
  const { workflow } = document;
  return {
    id: workflow.id,
    name: workflow.name ?? workflow.id,
    version: workflow.version ?? null,
    description: workflow.description ?? null,
    file: document.file,
    digest: document.digest,
    valid,
    inputs: workflow.inputs ?? {},
    jobs: Object.entries(workflow.jobs).map(([key, job]) => ({
      key,
      name: job.name ?? key,
      needs: needsOf(workflow, key),
      steps: job.steps.map((step, index) => ({
        id: step.id ?? `step-${index + 1}`,
        name: step.name ?? step.id ?? step.uses ?? 'run',
        uses: step.uses ?? 'run',
      })),
    })),
  };
}
