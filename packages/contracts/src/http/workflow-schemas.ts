import * as z from 'zod/mini';

import { LIMITS } from '../limits.js';
import { pluginCommandSchema } from '../plugin.js';
import { inputSchema } from '../workflow.js';
import { instant, json, jsonObject } from './schema-of.js';

const text = z.string();

/** A workflow as lists show it. */
export const workflowEntrySchema = z.strictObject({
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
      steps: z.array(z.strictObject({ id: text, name: text, uses: text })),
    }),
  ),
});

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

export const validationSchema = z.strictObject({ valid: z.boolean(), workflows: z.array(workflowEntrySchema), diagnostics: z.array(diagnosticSchema) });

export const validateBodySchema = z.strictObject({
  documents: z.exactOptional(
    z.array(z.strictObject({ file: text.check(z.minLength(1), z.maxLength(1_024)), text: text.check(z.maxLength(LIMITS.documentBytes)) })).check(z.minLength(1), z.maxLength(256)),
  ),
});

export const installedPluginSchema = z.strictObject({
  id: text,
  version: text,
  origin: z.enum(['first-party', 'project', 'added']),
  trusted: z.boolean(),
  describe: z.exactOptional(text),
  problem: z.exactOptional(text),
  commands: z.array(pluginCommandSchema),
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
