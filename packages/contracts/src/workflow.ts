import * as z from 'zod/mini';

import { ARTIFACT_NAME } from './artifact.js';
import { stepArtifactSchema } from './artifact-schema.js';
import { durationSchema } from './duration-schema.js';
import type { JsonValue } from './json.js';
import { LIMITS } from './limits.js';
import { INPUT_NAME, JOB_ID, OWN_ENV_NAME, STEP_ID, WORKFLOW_ID } from './names.js';
import { permissionsSchema } from './permissions.js';
import { retrySchema } from './retry.js';

const text = z.string().check(z.maxLength(4_096));
const condition = z.union([z.string().check(z.minLength(1)), z.boolean()]);
const json: z.ZodMiniType<JsonValue> = z.json();

const envSchema = z.record(
  z.string().check(z.regex(OWN_ENV_NAME, { error: 'an environment variable is letters, digits and "_", and does not start with "KB_"' })),
  z.union([z.string(), z.number(), z.boolean()]),
);
const outputsSchema = z.record(z.string().check(z.regex(INPUT_NAME)), z.string());

export const shellSchema = z.enum(['bash', 'sh', 'node', 'python']);
export type Shell = z.infer<typeof shellSchema>;

const inputBase = { description: z.optional(text), required: z.optional(z.boolean()) };

/** One entry of `inputs:`. A `json` input may carry a JSON Schema. */
export const inputSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('string'), ...inputBase, default: z.optional(z.string()) }),
  z.strictObject({ type: z.literal('number'), ...inputBase, default: z.optional(z.number()) }),
  z.strictObject({ type: z.literal('boolean'), ...inputBase, default: z.optional(z.boolean()) }),
  z.strictObject({
    type: z.literal('choice'),
    ...inputBase,
    options: z.array(z.string()).check(z.minLength(1)),
    default: z.optional(z.string()),
  }),
  z.strictObject({
    type: z.literal('json'),
    ...inputBase,
    schema: z.optional(z.record(z.string(), json)),
    default: z.optional(json),
  }),
]);
export type WorkflowInput = z.infer<typeof inputSchema>;

export const stepSchema = z.strictObject({
  id: z.optional(z.string().check(z.regex(STEP_ID))),
  name: z.optional(text),
  uses: z.optional(z.string().check(z.minLength(1), z.maxLength(512))),
  with: z.optional(z.record(z.string(), json)),
  run: z.optional(z.string().check(z.minLength(1))),
  shell: z.optional(shellSchema),
  'working-directory': z.optional(z.string().check(z.minLength(1))),
  if: z.optional(condition),
  env: z.optional(envSchema),
  timeout: z.optional(durationSchema),
  retry: z.optional(retrySchema),
  'continue-on-error': z.optional(z.boolean()),
  'on-interrupt': z.optional(z.enum(['retry', 'fail'])),
  outputs: z.optional(outputsSchema),
  artifacts: z.optional(z.record(z.string().check(z.regex(ARTIFACT_NAME)), stepArtifactSchema)),
});
export type Step = z.infer<typeof stepSchema>;

export const runDefaultsSchema = z.strictObject({
  shell: z.optional(shellSchema),
  'working-directory': z.optional(z.string().check(z.minLength(1))),
});

export const jobSchema = z.strictObject({
  name: z.optional(text),
  needs: z.optional(z.union([z.string(), z.array(z.string())])),
  if: z.optional(condition),
  timeout: z.optional(durationSchema),
  retry: z.optional(retrySchema),
  'continue-on-error': z.optional(z.boolean()),
  env: z.optional(envSchema),
  permissions: z.optional(permissionsSchema),
  outputs: z.optional(outputsSchema),
  steps: z.array(stepSchema).check(z.minLength(1), z.maxLength(LIMITS.stepsPerJob)),
});
export type Job = z.infer<typeof jobSchema>;

/** A workflow as written. Defaults live in the arrow to the plan and nowhere downstream. */
export const workflowSchema = z.strictObject({
  id: z.string().check(z.regex(WORKFLOW_ID)),
  name: z.optional(text),
  version: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  description: z.optional(text),
  on: z.optional(z.strictObject({ manual: z.optional(z.boolean()) })),
  inputs: z.optional(z.record(z.string().check(z.regex(INPUT_NAME)), inputSchema)),
  outputs: z.optional(outputsSchema),
  env: z.optional(envSchema),
  permissions: z.optional(permissionsSchema),
  defaults: z.optional(
    z.strictObject({
      timeout: z.optional(durationSchema),
      retry: z.optional(retrySchema),
      run: z.optional(runDefaultsSchema),
    }),
  ),
  jobs: z.record(z.string().check(z.regex(JOB_ID)), jobSchema),
});
export type Workflow = z.infer<typeof workflowSchema>;
