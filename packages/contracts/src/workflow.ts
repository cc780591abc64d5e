import { z } from 'zod';

import { stepArtifactSchema, ARTIFACT_NAME } from './artifact.js';
import { durationSchema } from './duration.js';
import type { JsonValue } from './json.js';
import { LIMITS } from './limits.js';
import { permissionsSchema } from './permissions.js';
import { retrySchema } from './retry.js';

const text = z.string().max(4_096);
const condition = z.union([z.string().min(1), z.boolean()]);
const json: z.ZodType<JsonValue> = z.json() as z.ZodType<JsonValue>;

export const WORKFLOW_ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const JOB_ID = /^[a-zA-Z0-9_-]{1,64}$/;
export const STEP_ID = /^[a-zA-Z0-9_-]{1,64}$/;
export const INPUT_NAME = /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/;
export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

const envSchema = z.record(
  z.string().regex(ENV_NAME, { error: 'an environment variable is letters, digits and "_"' }),
  z.union([z.string(), z.number(), z.boolean()]),
);
const outputsSchema = z.record(z.string().regex(INPUT_NAME), z.string());

export const shellSchema = z.enum(['bash', 'sh', 'node', 'python']);
export type Shell = z.infer<typeof shellSchema>;

const inputBase = { description: text.optional(), required: z.boolean().optional() };

/** One entry of `inputs:`. A `json` input may carry a JSON Schema. */
export const inputSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('string'), ...inputBase, default: z.string().optional() }),
  z.strictObject({ type: z.literal('number'), ...inputBase, default: z.number().optional() }),
  z.strictObject({ type: z.literal('boolean'), ...inputBase, default: z.boolean().optional() }),
  z.strictObject({
    type: z.literal('choice'),
    ...inputBase,
    options: z.array(z.string()).min(1),
    default: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('json'),
    ...inputBase,
    schema: z.record(z.string(), json).optional(),
    default: json.optional(),
  }),
]);
export type WorkflowInput = z.infer<typeof inputSchema>;

export const stepSchema = z.strictObject({
  id: z.string().regex(STEP_ID).optional(),
  name: text.optional(),
  uses: z.string().min(1).max(512).optional(),
  with: z.record(z.string(), json).optional(),
  run: z.string().min(1).optional(),
  shell: shellSchema.optional(),
  'working-directory': z.string().min(1).optional(),
  if: condition.optional(),
  env: envSchema.optional(),
  timeout: durationSchema.optional(),
  retry: retrySchema.optional(),
  'continue-on-error': z.boolean().optional(),
  'on-interrupt': z.enum(['retry', 'fail']).optional(),
  outputs: outputsSchema.optional(),
  artifacts: z.record(z.string().regex(ARTIFACT_NAME), stepArtifactSchema).optional(),
});
export type Step = z.infer<typeof stepSchema>;

export const runDefaultsSchema = z.strictObject({
  shell: shellSchema.optional(),
  'working-directory': z.string().min(1).optional(),
});

export const jobSchema = z.strictObject({
  name: text.optional(),
  needs: z.union([z.string(), z.array(z.string())]).optional(),
  if: condition.optional(),
  timeout: durationSchema.optional(),
  retry: retrySchema.optional(),
  'continue-on-error': z.boolean().optional(),
  env: envSchema.optional(),
  permissions: permissionsSchema.optional(),
  outputs: outputsSchema.optional(),
  steps: z.array(stepSchema).min(1).max(LIMITS.stepsPerJob),
});
export type Job = z.infer<typeof jobSchema>;

/** A workflow as written. Defaults live in the arrow to the plan and nowhere downstream. */
export const workflowSchema = z.strictObject({
  id: z.string().regex(WORKFLOW_ID),
  name: text.optional(),
  version: z.string().min(1).max(64).optional(),
  description: text.optional(),
  on: z.strictObject({ manual: z.boolean().optional() }).optional(),
  inputs: z.record(z.string().regex(INPUT_NAME), inputSchema).optional(),
  outputs: outputsSchema.optional(),
  env: envSchema.optional(),
  permissions: permissionsSchema.optional(),
  defaults: z
    .strictObject({
      timeout: durationSchema.optional(),
      retry: retrySchema.optional(),
      run: runDefaultsSchema.optional(),
    })
    .optional(),
  jobs: z.record(z.string().regex(JOB_ID), jobSchema),
});
export type Workflow = z.infer<typeof workflowSchema>;
