import { HOOKS, isJsonObject, type JsonObject, workflowSchema } from '@kb-labs/contracts';
import * as z from 'zod/mini';

import { controlStepSchema } from './control-step-schema.js';
import { DESCRIPTIONS } from './workflow-descriptions.js';

/** Names the schema; nothing is fetched from it. */
const SCHEMA_ID = 'urn:kb-labs:schema:workflow:1';

const CONTROL_STEP = 'controlStep';
const STEP_LISTS = [['steps'], ...HOOKS.map((hook) => ['hooks', hook])];

/** The JSON Schema (draft 2020-12) of a workflow document, with a description for every key, for editors and other tools. */
export function workflowJsonSchema(): JsonObject {
  const { $schema, ...schema } = z.toJSONSchema(workflowSchema) as JsonObject;
  for (const [path, description] of Object.entries(DESCRIPTIONS)) {
    for (const node of nodesAt(schema, path === '' ? [] : path.split('.'))) node['description'] = description;
  }
  for (const steps of STEP_LISTS) for (const node of nodesAt(schema, ['jobs', '*', ...steps, '[]'])) node['$ref'] = `#/$defs/${CONTROL_STEP}`;
  schema['$defs'] = { ...(isJsonObject(schema['$defs']) ? schema['$defs'] : {}), [CONTROL_STEP]: controlStepSchema() };
  return { $schema: $schema ?? null, $id: SCHEMA_ID, title: 'Workflow', ...schema };
}

/** The schemas at a path of keys; `*` stands for any key and `[]` for any item. */
export function nodesAt(schema: JsonObject, path: readonly string[]): JsonObject[] {
  const [step, ...rest] = path;
  if (step === undefined) return [schema];
  const branches = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(branches)) return branches.filter(isJsonObject).flatMap((branch) => nodesAt(branch, path));
  const next = step === '[]' ? schema['items'] : step === '*' ? schema['additionalProperties'] : propertyOf(schema, step);
  return isJsonObject(next) ? nodesAt(next, rest) : [];
}

function propertyOf(schema: JsonObject, key: string): unknown {
  const properties = schema['properties'];
  return isJsonObject(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
}
