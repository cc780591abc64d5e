import type { JsonObject, RunPlan } from '@kb-labs/contracts';
import type { Validation, WorkflowDetail, WorkflowOutline } from '@kb-labs/engine';
import type { InstalledPlugin, WorkflowSource } from '@kb-labs/ports';

/** Where documents and plugins are looked up: in the project, or at a gateway. */
export interface Library {
  /** The folder that names of documents are relative to. */
  folder(): Promise<string>;
  show(workflowId: string): Promise<WorkflowDetail>;
  /** The given documents, or all of the project. */
  check(sources?: readonly WorkflowSource[]): Promise<Validation>;
  plugins(): Promise<readonly InstalledPlugin[]>;
  plan(command: PlanCommand): Promise<RunPlan>;
  /** A workflow without its inputs; nothing when it has errors, or when only its outline is known. */
  planOf(entry: WorkflowOutline): Promise<RunPlan | undefined>;
  /** Refuses what cannot start, where a first run would make the state only to be refused. */
  refuseEarly(command: PlanCommand): Promise<void>;
}

interface PlanCommand {
  readonly workflowId: string;
  readonly input: JsonObject;
}
