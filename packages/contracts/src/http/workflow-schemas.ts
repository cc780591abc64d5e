import * as z from 'zod/mini';

import { LIMITS } from '../limits.js';
import { pluginPermissionsSchema } from '../permissions.js';
import { pluginCommandSchema } from '../plugin.js';
import { inputSchema } from '../workflow.js';
import { triggerTypeSchema } from './run-schemas.js';
import { instant, json, jsonObject } from './schema-of.js';

const text = z.string();

const outline = {
  id: text,
  name: text,
  version: z.nullable(text),
  description: z.nullable(text),
  file: text,
  digest: text,
  valid: z.boolean(),
  inputs: z.record(z.string(), inputSchema),
  jobs: z.array(
    z.strictObject({
      key: text,
      name: text,
      needs: z.array(text),
      strategy: z.boolean(),
      if: z.nullable(text),
      steps: z.array(z.strictObject({ id: text, name: text, uses: text })),
    }),
  ),
};

/** A workflow as lists show it: of what starts it, the names. */
export const workflowEntrySchema = z.strictObject({ ...outline, triggers: z.array(triggerTypeSchema) });

export const diagnosticSchema = z.strictObject({
  code: text,
  severity: z.enum(['error', 'warning']),
  message: text,
  hint: z.exactOptional(text),
  file: text,
  line: z.int(),
  column: z.int(),
  path: text,
});

/** Documents too broken to be a workflow are in the diagnostics alone. */
export const workflowListSchema = z.strictObject({ items: z.array(workflowEntrySchema), diagnostics: z.array(diagnosticSchema) });

const namesOrNull = z.nullable(z.array(text));

/** A workflow with its document and everything that starts it. */
export const workflowDetailSchema = z.strictObject({
  ...outline,
  source: z.strictObject({ text, format: z.enum(['yaml', 'json']) }),
  triggers: z.strictObject({
    manual: z.boolean(),
    push: z.nullable(
      z.strictObject({ branches: namesOrNull, branchesIgnore: namesOrNull, tags: namesOrNull, tagsIgnore: namesOrNull, paths: namesOrNull, pathsIgnore: namesOrNull }),
    ),
    schedules: z.array(
      z.strictObject({ cron: text, timezone: text, catchup: z.enum(['none', 'last', 'all']), overlap: z.enum(['skip', 'queue', 'allow']), next: z.array(instant) }),
    ),
    webhooks: z.array(z.strictObject({ source: z.enum(['github', 'gitlab', 'slack', 'stripe', 'standard-webhooks', 'generic']), events: namesOrNull })),
    workflows: z.array(z.strictObject({ id: text, on: z.array(z.enum(['success', 'failed', 'cancelled', 'skipped', 'quarantined'])) })),
  }),
  phases: z.array(z.strictObject({ id: text, label: text })),
  diagnostics: z.array(diagnosticSchema),
});

export const validationSchema = z.strictObject({ valid: z.boolean(), workflows: z.array(workflowEntrySchema), diagnostics: z.array(diagnosticSchema) });

export const validateBodySchema = z.strictObject({
  documents: z.exactOptional(
    z.array(z.strictObject({ file: text.check(z.minLength(1), z.maxLength(1_024)), text: text.check(z.maxLength(LIMITS.documentBytes)) })).check(z.minLength(1), z.maxLength(256)),
  ),
});

export const installedPluginSchema = z.strictObject({
  id: text,
  version: text,
  integrity: z.exactOptional(text),
  origin: z.enum(['first-party', 'project', 'added']),
  trusted: z.boolean(),
  describe: z.exactOptional(text),
  problem: z.exactOptional(text),
  commands: z.array(pluginCommandSchema),
  granted: z.exactOptional(z.record(z.string(), pluginPermissionsSchema)),
});

/** A decision that somebody is waited for. */
export const pendingApprovalSchema = z.strictObject({
  runId: text,
  workflowId: text,
  job: text,
  step: text,
  title: text,
  instructions: z.nullable(text),
  context: json,
  approvers: z.nullable(z.array(text)),
  preventSelfApproval: z.exactOptional(z.literal(true)),
  form: z.nullable(jsonObject),
  subject: text,
  since: instant,
  expiresAt: z.nullable(instant),
});
