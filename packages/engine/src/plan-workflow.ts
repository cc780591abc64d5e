import type { FlowPins, JsonObject, RunPlan } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { resolveInputs } from '@kb-labs/resolver';

import type { EngineDeps } from './deps.js';
import { findDocument, type FindWorkflowDeps } from './find-workflow.js';
import { notePlanned } from './run-documents.js';

export interface PlanWorkflow {
  readonly workflowId: string;
  readonly input: JsonObject;
  readonly unattended?: boolean;
  /** Of the flow that the run is for: the plan has them, and the workflow must be the pinned one. */
  readonly pins?: FlowPins;
}

export type PlanDeps = FindWorkflowDeps & Pick<EngineDeps, 'vars' | 'checkSchema'>;

/**
 * The plan a run would have. Everything that can be wrong is refused here: nothing has been written yet.
 * Fails as `findWorkflow` does, with `FLOW_PIN_CHANGED`, with `WORKFLOW_NOT_MANUAL`, or with `INPUT_INVALID` and all problems in its details.
 */
export async function planWorkflow(deps: PlanDeps, command: PlanWorkflow): Promise<RunPlan> {
  const { checked, source } = await findDocument(deps, command.workflowId);
  const { id, manual, inputs, plan } = checked;
  const { pins } = command;
  if (pins !== undefined && pinnedDigest(pins, id) !== plan.workflow.digest) throw new AppError('FLOW_PIN_CHANGED', { what: `the workflow ${id}` });
  if (!manual && command.unattended !== true) throw new AppError('WORKFLOW_NOT_MANUAL', { id });
  const resolved = resolveInputs(inputs, command.input, deps.checkSchema);
  if (!resolved.ok) throw new AppError('INPUT_INVALID', { problem: resolved.problems.join('; '), problems: [...resolved.problems] });
  notePlanned(deps, plan.workflow.digest, source);
  return { ...plan, inputs: resolved.inputs, vars: deps.vars, ...(pins === undefined ? {} : { pins }) };
}

function pinnedDigest({ workflows }: FlowPins, id: string): string | undefined {
  return Object.hasOwn(workflows, id) ? workflows[id] : undefined;
}
