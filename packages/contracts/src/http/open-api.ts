import * as z from 'zod/mini';

import { isJsonObject, type JsonObject, type JsonValue } from '../json.js';
import { explanationSchema } from './explain-schemas.js';
import { flowSchema } from './flow-routes.js';
import { logLineSchema, runEventSchema } from './follow-schemas.js';
import { playbookDiffSchema, playbookSchema } from './playbook-routes.js';
import { problemSchema } from './problem-schema.js';
import type { RouteAnswer, RouteSpec } from './route-spec.js';
import { ROUTE_NAMES, ROUTES } from './routes.js';
import { artifactSchema, jobSchema, reasonSchema, runErrorSchema, runSchema, runSummarySchema, triggerSchema } from './run-schemas.js';
import { agentSchema, promptSchema, sessionRunSchema, sessionSchema, taskSchema } from './session-schemas.js';
import { deliverySchema, scheduleSchema } from './trigger-routes.js';
import { installedPluginSchema, pendingApprovalSchema, validationSchema, workflowEntrySchema } from './workflow-schemas.js';

/** Schemas that have a name of their own. All others are written where they are used. */
const NAMED: Readonly<Record<string, z.ZodMiniType>> = {
  Run: runSchema,
  RunSummary: runSummarySchema,
  Job: jobSchema,
  Trigger: triggerSchema,
  Reason: reasonSchema,
  RunError: runErrorSchema,
  Artifact: artifactSchema,
  Explanation: explanationSchema,
  RunEvent: runEventSchema,
  LogLine: logLineSchema,
  Workflow: workflowEntrySchema,
  Validation: validationSchema,
  Plugin: installedPluginSchema,
  PendingApproval: pendingApprovalSchema,
  Schedule: scheduleSchema,
  Delivery: deliverySchema,
  Playbook: playbookSchema,
  PlaybookDiff: playbookDiffSchema,
  Flow: flowSchema,
  Session: sessionSchema,
  SessionRun: sessionRunSchema,
  Agent: agentSchema,
  Task: taskSchema,
  Prompt: promptSchema,
  Problem: problemSchema,
};

const PROBLEM: JsonObject = { description: 'what is wrong', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } };

/** The table of routes as OpenAPI 3.1. `version` is that of the program that answers. */
export function toOpenApi({ version }: { readonly version: string }): JsonObject {
  const schemas = componentsOf();
  const paths: { [path: string]: JsonObject } = {};
  for (const name of ROUTE_NAMES) {
    const route: RouteSpec = ROUTES[name];
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(name, route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'KB Labs workflow engine', version, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    tags: [...new Set(ROUTE_NAMES.map((name) => ROUTES[name].tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas,
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'A key of this installation, "kb_…"' } },
    },
  };
}

function componentsOf(): JsonObject {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { ...HOW, io: 'output', uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(schemas).filter(([id]) => Object.hasOwn(NAMED, id)).map(([id, schema]) => [id, plain(schema as unknown as JsonObject)]));
}

function operationOf(name: string, route: RouteSpec): JsonObject {
  const { tag, summary, description, access, params, query, body, raw, answers, stream } = route;
  const needs = access === 'public' || access === 'proof' ? [] : [{ key: [] }];
  return {
    operationId: name,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    'x-access': access,
    security: needs,
    ...parametersOf([...partParameters(params, 'path'), ...partParameters(query, 'query'), ...headersOf(route)]),
    ...(body === undefined ? {} : { requestBody: { required: requiresBody(body), content: { 'application/json': { schema: schemaOfPart(body, 'input') } } } }),
    ...(raw === true ? { requestBody: { required: true, content: { 'application/json': { schema: {} }, 'application/x-www-form-urlencoded': { schema: { type: 'object' } } } } } : {}),
    responses: {
      ...Object.fromEntries(answers.map((answer) => [String(answer.status), responseOf(answer, stream)])),
      default: PROBLEM,
    },
  };
}

function parametersOf(parameters: JsonValue[]): { parameters?: JsonValue[] } {
  return parameters.length === 0 ? {} : { parameters };
}

function partParameters(schema: z.ZodMiniType | undefined, place: 'path' | 'query'): JsonObject[] {
  if (schema === undefined) return [];
  const { properties, required } = schemaOfPart(schema, 'output') as { properties?: { [name: string]: JsonObject }; required?: string[] };
  return Object.entries(properties ?? {}).map(([name, one]) => ({ name, in: place, required: required?.includes(name) ?? false, schema: one }));
}

function headersOf({ idempotent, stream }: RouteSpec): JsonObject[] {
  return [
    ...(idempotent === true ? [{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string' } }] : []),
    ...(stream === undefined ? [] : [{ name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' }, description: 'With `Accept: text/event-stream`: goes on behind this event.' }]),
  ];
}

function responseOf({ body, when }: RouteAnswer, stream: z.ZodMiniType | undefined): JsonObject {
  return { description: when ?? 'as asked for', content: { ...contentOf(body), ...(stream === undefined ? {} : { 'text/event-stream': { schema: { type: 'string' } } }) } };
}

function contentOf(body: RouteAnswer['body']): JsonObject {
  if (body === 'binary') return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  if ('text' in body) return { [body.text]: { schema: { type: 'string' } } };
  return { 'application/json': { schema: schemaOfPart(body, 'output') } };
}

function requiresBody(schema: z.ZodMiniType): boolean {
  return !z.safeParse(schema, {}).success;
}

/** A part of a row as JSON Schema, with what has a name referred to. */
function schemaOfPart(schema: z.ZodMiniType, io: 'input' | 'output'): JsonObject {
  const name = Object.entries(NAMED).find(([, one]) => one === schema)?.[0];
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  const registry = z.registry<{ id: string }>();
  for (const [id, one] of Object.entries(NAMED)) registry.add(one, { id });
  registry.add(schema, { id: 'part' });
  const { schemas } = z.toJSONSchema(registry, { ...HOW, io, uri: (id) => `#/components/schemas/${id}` });
  return plain(schemas['part'] as unknown as JsonObject);
}

const HOW = { target: 'draft-2020-12', unrepresentable: 'any' } as const;

/** Where definitions are put that have no name: of values of any JSON, which refer to themselves. */
const ANY_JSON = '#/components/schemas/__shared#';

function plain(schema: JsonObject): JsonObject {
  const { $id: _id, $schema: _schema, ...rest } = schema;
  return withoutAnyJson(rest) as JsonObject;
}

/** What can be any JSON is not described further. */
function withoutAnyJson(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutAnyJson);
  if (!isJsonObject(value)) return value;
  const { $ref } = value;
  if (typeof $ref === 'string' && $ref.startsWith(ANY_JSON)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutAnyJson(part)]));
}
