import type { JsonObject, JsonValue, Workflow, WorkflowInput } from '@kb-labs/contracts';
import { assertNever, suggestName } from '@kb-labs/errors';

/** Checks a value against a JSON Schema: what is wrong with it, or `undefined`. */
export type SchemaCheck = (schema: JsonObject, value: JsonValue) => string | undefined;

export type ResolvedInputs =
  | { readonly ok: true; readonly inputs: JsonObject }
  | { readonly ok: false; readonly problems: readonly string[] };

/** The inputs a run starts with: what was given, checked, and the defaults of the rest. An optional one without either is `null`. */
export function resolveInputs(declared: Workflow['inputs'], given: JsonObject, checkSchema: SchemaCheck): ResolvedInputs {
  const entries = Object.entries(declared ?? {});
  const names = entries.map(([name]) => name);
  const problems = Object.keys(given)
    .filter((name) => !names.includes(name))
    .map((name) => `unknown input "${name}"${suffix(suggestName(name, names))}`);
  const inputs: [string, JsonValue][] = [];
  for (const [name, input] of entries) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined || (value === null && input.type !== 'json')) {
      if (input.default !== undefined) inputs.push([name, input.default]);
      else if (input.required === true) problems.push(`the input "${name}" is required${suffix(input.description)}`);
      else inputs.push([name, null]);
      continue;
    }
    const problem = checkInput(input, value, checkSchema);
    if (problem === undefined) inputs.push([name, value]);
    else problems.push(`the input "${name}" ${problem}`);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, inputs: Object.fromEntries(inputs) };
}

function checkInput(input: WorkflowInput, value: JsonValue, checkSchema: SchemaCheck): string | undefined {
  switch (input.type) {
    case 'string':
    case 'boolean':
      return typeof value === input.type ? undefined : `must be a ${input.type}, not ${kindOf(value)}`;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : `must be a number, not ${kindOf(value)}`;
    case 'choice':
      if (typeof value === 'string' && input.options.includes(value)) return undefined;
      return `must be one of ${input.options.join(', ')}, not ${JSON.stringify(value)}`;
    case 'json': {
      const problem = input.schema === undefined ? undefined : checkSchema(input.schema, value);
      return problem === undefined ? undefined : `does not fit its schema: ${problem}`;
    }
    default:
      return assertNever(input);
  }
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${JSON.stringify(value)}`;
}

function suffix(text: string | undefined): string {
  return text === undefined ? '' : `: ${text}`;
}
