import type { WorkflowDetail } from './workflow-entry.js';
import { StartForm } from './start-form.js';

/** Another document can ask for other inputs: the form begins anew. */
export function RunTab({ workflow }: { readonly workflow: WorkflowDetail }) {
  return <StartForm key={workflow.digest} workflow={workflow} />;
}
