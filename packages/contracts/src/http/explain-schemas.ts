import * as z from 'zod/mini';

import type { Explanation, Missing } from '../explain.js';
import { jobStatusSchema, reasonSchema, runErrorSchema, runStatusSchema, stepStatusSchema } from './run-schemas.js';
import { instant, schemaOf } from './schema-of.js';

const text = z.string();
const instantOrNull = z.nullable(instant);

const missingSchema = schemaOf<Missing>()(
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('jobs'), message: text, jobs: z.array(text) }),
    z.strictObject({
      kind: z.literal('lock'),
      message: text,
      group: text,
      heldBy: z.strictObject({ runId: text, job: z.nullable(text) }),
      ahead: z.int(),
    }),
    z.strictObject({ kind: z.literal('time'), message: text, dueAt: instant }),
    z.strictObject({ kind: z.literal('approval'), message: text, approvers: z.nullable(z.array(text)), expiresAt: instantOrNull }),
    z.strictObject({ kind: z.literal('signal'), message: text, name: z.nullable(text), expiresAt: instantOrNull }),
    z.strictObject({ kind: z.literal('child'), message: text, runId: text }),
    z.strictObject({ kind: z.literal('slot'), message: text }),
    z.strictObject({ kind: z.literal('worker'), message: text }),
  ]),
);

export const explanationSchema = schemaOf<Explanation>()(
  z.strictObject({
    runId: text,
    status: runStatusSchema,
    reason: z.exactOptional(reasonSchema),
    error: z.exactOptional(runErrorSchema),
    nodes: z.array(
      z.strictObject({
        job: text,
        step: z.exactOptional(text),
        status: z.union([jobStatusSchema, stepStatusSchema]),
        attempt: z.int(),
        reason: z.exactOptional(reasonSchema),
        error: z.exactOptional(runErrorSchema),
        missing: z.exactOptional(missingSchema),
      }),
    ),
  }),
);
