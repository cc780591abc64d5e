import type { JsonObject } from '@kb-labs/contracts';
import type { JsonAnswerOf } from '@kb-labs/contracts/http';
import { assertNever } from '@kb-labs/errors';

type Inputs = JsonAnswerOf<'getWorkflow'>['inputs'];

/** The JSON Schema of the inputs of a workflow: a form for them is made like any other. */
export function inputsSchema(inputs: Inputs): JsonObject {
  const entries = Object.entries(inputs);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, input]) => [name, propertyOf(input)])),
    // One with a default is never missing.
    required: entries.filter(([, input]) => input.required === true && input.default === undefined).map(([name]) => name),
    additionalProperties: false,
  };
}

function propertyOf(input: Inputs[string]): JsonObject {
  const about: JsonObject = {
    ...(input.description === undefined ? {} : { description: input.description }),
    ...(input.default === undefined ? {} : { default: input.default }),
  };
  switch (input.type) {
    case 'string':
    case 'number':
    case 'boolean':
      return { type: input.type, ...about };
    case 'choice':
      return { type: 'string', enum: [...input.options], ...about };
    case 'json':
      return { ...input.schema, ...about };
    default:
      return assertNever(input);
  }
}

/** Which of the gateway's sentences about inputs belongs to which of them; the rest is about all together. */
export function problemsOfInputs(problems: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    problems.map((problem) => {
      const [, name, text] = /^the input "([\w-]+)" (.+)$/s.exec(problem) ?? [];
      return name === undefined || text === undefined ? ['', problem] : [`/${name}`, text];
    }),
  );
}
