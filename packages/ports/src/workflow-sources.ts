import type { PluginUses, RunPlan, TerminalRunStatus, Workflow } from '@kb-labs/contracts';

/** Where the workflow documents of a project come from. */
export interface WorkflowSources {
  list(): Promise<readonly WorkflowSource[]>;
  /** The documents that could have this id: all that have it, and perhaps more. Cheaper than `list`. */
  candidates(id: string): Promise<readonly WorkflowSource[]>;
  /** The documents that the end of this workflow could start: all that do, and perhaps more. */
  listeners(id: string): Promise<readonly WorkflowSource[]>;
}

export interface WorkflowSource {
  /** As shown to people: relative to the project. */
  readonly file: string;
  readonly text: string;
}

/**
 * Documents that were checked before. An entry stands for one text: it is answered only for a document that is still the
 * same to the letter, checked by the same build. Losing entries costs time, nothing else.
 */
export interface CheckedDocuments {
  read(source: WorkflowSource): Promise<CheckedDocument | undefined>;
  write(source: WorkflowSource, document: CheckedDocument): Promise<void>;
}

/** What starting a run needs of a document without errors. */
export interface CheckedDocument {
  readonly id: string;
  readonly manual: boolean;
  readonly inputs: NonNullable<Workflow['inputs']>;
  /** With no inputs and no vars yet. */
  readonly plan: RunPlan;
  /** The commands it uses, with their schemas as JSON text at the time of the check. */
  readonly commands: readonly { readonly uses: PluginUses; readonly shape: string }[];
  /** The workflows it calls, as they were at the time of the check. */
  readonly calls: readonly { readonly id: string; readonly digest: string }[];
  /** Present when the end of other workflows starts it. */
  readonly listens?: { readonly ids: readonly string[]; readonly on: readonly TerminalRunStatus[] };
}
