import * as z from 'zod/mini';

import { ARTIFACT_TYPES } from './artifact.js';

export const artifactTypeSchema = z.enum(ARTIFACT_TYPES);

/**
 * An entry of a step's `artifacts:`. `source` is `outputs.<path>` (a value of the step's outputs)
 * or `file:<path>` (a file of the workspace).
 */
export const stepArtifactSchema = z.strictObject({
  type: z.optional(artifactTypeSchema),
  source: z.string().check(
    z.regex(/^(outputs(\.[A-Za-z0-9_-]+)+|file:.+)$/, { error: 'a source is "outputs.<name>" or "file:<path in the workspace>"' }),
  ),
  label: z.optional(z.string().check(z.maxLength(256))),
});
export type StepArtifact = z.infer<typeof stepArtifactSchema>;
