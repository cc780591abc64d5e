import type { JsonAnswerOf } from '@kb-labs/contracts/http';

export type WorkflowEntry = JsonAnswerOf<'listWorkflows'>['items'][number];
export type WorkflowDetail = JsonAnswerOf<'getWorkflow'>;

/** Whether every word of what is searched for is somewhere in what is known of a workflow. */
export function fits({ id, name, description, file, triggers }: WorkflowEntry, wanted: string): boolean {
  const text = [id, name, description ?? '', file, ...triggers].join(' ').toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
