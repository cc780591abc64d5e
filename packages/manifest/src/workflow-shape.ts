import type { JsonObject, Workflow, WorkflowInput } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';

import type { CommandShape } from './command-shape.js';

/** What a step that calls a workflow gives it and gets from it, for the checks before a run. */
export function workflowShape(workflow: Workflow): CommandShape {
  const inputs = Object.entries(workflow.inputs ?? {});
  return {
    input: {
      type: 'object',
      properties: Object.fromEntries(inputs.map(([name, input]) => [name, inputShape(input)])),
      required: inputs.filter(([, input]) => input.required === true && input.default === undefined).map(([name]) => name),
      additionalProperties: false,
    },
    output: {
      type: 'object',
      properties: Object.fromEntries(Object.keys(workflow.outputs ?? {}).map((name) => [name, {}])),
      additionalProperties: false,
    },
  };
}

function inputShape(input: WorkflowInput): JsonObject {
  const fallback: JsonObject = input.default === undefined ? {} : { default: input.default };
  switch (input.type) {
    case 'string':
    case 'number':
    case 'boolean':
      return { type: input.type, ...fallback };
    case 'choice':
      return { type: 'string', enum: [...input.options], ...fallback };
    case 'json':
      return { ...input.schema, ...fallback };
    default:
      return assertNever(input);
  }
}
