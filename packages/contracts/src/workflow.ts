import * as z from 'zod/mini';

import { ARTIFACT_NAME } from './artifact.js';
import { stepArtifactSchema } from './artifact-schema.js';
import { durationSchema } from './duration-schema.js';
import { executionTargetSchema } from './execution-target-schema.js';
import type { JsonValue } from './json.js';
import { LIMITS } from './limits.js';
import { AXIS_NAME, INPUT_NAME, JOB_ID, OWN_ENV_NAME, PHASE_ID, SECRET_NAME, STEP_ID, WORKFLOW_ID } from './names.js';
import { permissionsSchema } from './permissions.js';
import { retrySchema } from './retry.js';
import { pushFilterSchema, scheduleSchema, webhookSchema } from './trigger-schema.js';

const text = z.string().check(z.maxLength(4_096));
const condition = z.union([z.string().check(z.minLength(1)), z.boolean()]);
const json: z.ZodMiniType<JsonValue> = z.json();

const envSchema = z.record(
  z.string().check(z.regex(OWN_ENV_NAME, { error: 'an environment variable is letters, digits and "_", and does not start with "KB_"' })),
  z.union([z.string(), z.number(), z.boolean()]),
);
const secretsSchema = z
  .array(z.string().check(z.regex(SECRET_NAME, { error: 'a secret is named by letters, digits and "_", and does not start with "KB_"' })))
  .check(z.maxLength(LIMITS.secrets));
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

/** A place in a queue of its own. A text is the group alone. */
const concurrencySchema = z.union([
  z.string().check(z.minLength(1), z.maxLength(LIMITS.groupNameLength)),
  z.strictObject({
    group: z.string().check(z.minLength(1), z.maxLength(LIMITS.groupNameLength)),
    'cancel-in-progress': z.optional(z.boolean()),
    queue: z.optional(z.enum(['all', 'latest'])),
  }),
]);
export type Concurrency = z.infer<typeof concurrencySchema>;

/** A text that is one expression and nothing else, by its ends. */
export const WHOLE_EXPRESSION = /^\s*\$\{\{[\s\S]*\}\}\s*$/;
const expression = z.string().check(z.regex(WHOLE_EXPRESSION, { error: 'one expression: ${{ … }}' }));
const combinationsSchema = z.union([expression, z.array(z.record(z.string().check(z.regex(AXIS_NAME)), json))]);

const matrixSchema = z.union([
  expression,
  z.catchall(
    z.object({ include: z.optional(combinationsSchema), exclude: z.optional(combinationsSchema) }),
    z.union([expression, z.array(json).check(z.minLength(1))]),
  ),
]);

const strategySchema = z.strictObject({
  matrix: matrixSchema,
  'fail-fast': z.optional(z.boolean()),
  'max-parallel': z.optional(z.int().check(z.gte(1), z.lte(LIMITS.jobsAfterMatrix))),
});

const prioritySchema = z.enum(['high', 'normal', 'low']);

const artifactNames = z.array(z.string().check(z.regex(ARTIFACT_NAME))).check(z.minLength(1), z.maxLength(LIMITS.artifactsPerStep));

const jobArtifactsSchema = z.strictObject({
  produce: z.optional(artifactNames),
  consume: z.optional(artifactNames),
  merge: z.optional(
    z.strictObject({
      strategy: z.enum(['append', 'overwrite', 'json-merge']),
      from: z.array(z.strictObject({ run: z.optional(z.string().check(z.minLength(1))), job: z.optional(z.string().check(z.regex(JOB_ID))) })).check(
        z.minLength(1),
        z.maxLength(LIMITS.mergeSources),
      ),
    }),
  ),
});

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
  secrets: z.optional(secretsSchema),
  timeout: z.optional(durationSchema),
  retry: z.optional(retrySchema),
  'continue-on-error': z.optional(z.boolean()),
  'on-interrupt': z.optional(z.enum(['retry', 'fail'])),
  'execution-target': z.optional(executionTargetSchema),
  wait: z.optional(z.boolean()),
  phase: z.optional(z.string().check(z.regex(PHASE_ID))),
  outputs: z.optional(outputsSchema),
  artifacts: z.optional(z.record(z.string().check(z.regex(ARTIFACT_NAME)), stepArtifactSchema)),
});
export type Step = z.infer<typeof stepSchema>;

export const runDefaultsSchema = z.strictObject({
  shell: z.optional(shellSchema),
  'working-directory': z.optional(z.string().check(z.minLength(1))),
});

const stepsSchema = z.array(stepSchema).check(z.minLength(1), z.maxLength(LIMITS.stepsPerJob));

const hooksSchema = z.strictObject({
  pre: z.optional(stepsSchema),
  'on-success': z.optional(stepsSchema),
  'on-failure': z.optional(stepsSchema),
  post: z.optional(stepsSchema),
});

export const jobSchema = z.strictObject({
  name: z.optional(text),
  needs: z.optional(z.union([z.string(), z.array(z.string())])),
  if: z.optional(condition),
  timeout: z.optional(durationSchema),
  retry: z.optional(retrySchema),
  'continue-on-error': z.optional(z.boolean()),
  env: z.optional(envSchema),
  secrets: z.optional(secretsSchema),
  permissions: z.optional(permissionsSchema),
  outputs: z.optional(outputsSchema),
  strategy: z.optional(strategySchema),
  concurrency: z.optional(concurrencySchema),
  priority: z.optional(prioritySchema),
  'execution-target': z.optional(executionTargetSchema),
  artifacts: z.optional(jobArtifactsSchema),
  hooks: z.optional(hooksSchema),
  steps: stepsSchema,
});
export type Job = z.infer<typeof jobSchema>;

/** A workflow as written. Defaults live in the arrow to the plan and nowhere downstream. */
export const workflowSchema = z.strictObject({
  id: z.string().check(z.regex(WORKFLOW_ID)),
  name: z.optional(text),
  version: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  description: z.optional(text),
  on: z.optional(
    z.strictObject({
      manual: z.optional(z.boolean()),
      push: z.optional(pushFilterSchema),
      schedule: z.optional(z.array(scheduleSchema).check(z.minLength(1), z.maxLength(LIMITS.schedules))),
      webhook: z.optional(z.union([webhookSchema, z.array(webhookSchema).check(z.minLength(1), z.maxLength(LIMITS.webhooks))])),
      workflow: z.optional(
        z.strictObject({
          ids: z.array(z.string().check(z.regex(WORKFLOW_ID))).check(z.minLength(1), z.maxLength(64)),
          on: z.optional(z.array(z.enum(['success', 'failed', 'cancelled', 'skipped', 'quarantined'])).check(z.minLength(1))),
        }),
      ),
    }),
  ),
  inputs: z.optional(z.record(z.string().check(z.regex(INPUT_NAME)), inputSchema)),
  outputs: z.optional(outputsSchema),
  env: z.optional(envSchema),
  secrets: z.optional(secretsSchema),
  permissions: z.optional(permissionsSchema),
  timeout: z.optional(durationSchema),
  concurrency: z.optional(concurrencySchema),
  phases: z.optional(z.record(z.string().check(z.regex(PHASE_ID)), z.strictObject({ label: z.optional(text) }))),
  defaults: z.optional(
    z.strictObject({
      timeout: z.optional(durationSchema),
      retry: z.optional(retrySchema),
      'execution-target': z.optional(executionTargetSchema),
      run: z.optional(runDefaultsSchema),
    }),
  ),
  jobs: z.record(z.string().check(z.regex(JOB_ID)), jobSchema),
});
export type Workflow = z.infer<typeof workflowSchema>;
