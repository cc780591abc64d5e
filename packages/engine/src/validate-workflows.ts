import type { Diagnostic, TriggerType, Workflow } from '@kb-labs/contracts';
import { AppError, fromUnknown, messageOf } from '@kb-labs/errors';
import type { WorkflowDocument } from '@kb-labs/manifest';
import type { WorkflowSource } from '@kb-labs/ports';
import { needsOf } from '@kb-labs/resolver';

import type { EngineDeps } from './deps.js';

/** What a document says of its workflow. */
export interface WorkflowOutline {
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
    /** Whether it is one job for every combination of a matrix. */
    readonly strategy: boolean;
    /** As it is written; `null` stands for `success()`. */
    readonly if: string | null;
    readonly steps: readonly { readonly id: string; readonly name: string; readonly uses: string }[];
  }[];
}

/** A workflow as lists show it. */
export interface WorkflowEntry extends WorkflowOutline {
  /** What starts it. */
  readonly triggers: readonly TriggerType[];
}

export interface Validation {
  readonly workflows: readonly WorkflowEntry[];
  readonly diagnostics: readonly Diagnostic[];
}

export type ValidateDeps = Pick<EngineDeps, 'workflows' | 'plugins' | 'limits' | 'secrets'>;

/** Checks documents: the given ones, or all of the project. Ids used twice are found among what is checked. */
export async function validateWorkflows(deps: ValidateDeps, sources?: readonly WorkflowSource[]): Promise<Validation> {
  const { documents, diagnostics } = await checkProject(deps, sources);
  return { workflows: documents.map(({ outline, workflow }) => ({ ...outline, triggers: triggersOf(workflow) })), diagnostics };
}

/** One that has a shape. What is too broken for that is in the diagnostics alone. */
interface ProjectDocument {
  readonly outline: WorkflowOutline;
  readonly workflow: Workflow;
  readonly source: WorkflowSource;
}

export async function checkProject(deps: ValidateDeps, sources?: readonly WorkflowSource[]): Promise<{ readonly documents: readonly ProjectDocument[]; readonly diagnostics: readonly Diagnostic[] }> {
  const { checkDocument } = await import('./check-document.js');
  const checked = await Promise.all((sources ?? (await deps.workflows.list())).map(async (source) => ({ source, ...(await checkDocument(source, deps)) })));
  const read = checked.flatMap(({ document }) => document ?? []);
  return {
    documents: checked.flatMap(({ document, source, checked: whole }) =>
      document === undefined ? [] : [{ outline: toOutline(document, whole !== undefined), workflow: document.workflow, source }],
    ),
    diagnostics: [...checked.flatMap((one) => one.diagnostics), ...duplicates(read), ...(await missingSecrets(deps, read))],
  };
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

function triggersOf({ on = {} }: Workflow): TriggerType[] {
  const said: readonly TriggerType[] = (['push', 'schedule', 'webhook', 'workflow'] as const).filter((type) => on[type] !== undefined);
  return on.manual === false ? [...said] : ['manual', ...said];
}

function toOutline(document: WorkflowDocument, valid: boolean): WorkflowOutline {
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
      strategy: job.strategy !== undefined,
      if: job.if === undefined ? null : String(job.if),
      steps: job.steps.map((step, index) => ({
        id: step.id ?? `step-${index + 1}`,
        name: step.name ?? step.id ?? step.uses ?? 'run',
        uses: step.uses ?? 'run',
      })),
    })),
  };
}
