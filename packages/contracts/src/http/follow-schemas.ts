import * as z from 'zod/mini';

import type { RunEventType } from '../event.js';
import type { JsonValue } from '../json.js';
import type { LogLine } from '../log-line.js';
import { instant, json, schemaOf } from './schema-of.js';

/** An event of a run as `GET …/runs/:id/events` shows it: what the journal has, with instants written out, and of the plan its workflow alone. */
export interface RunEventView {
  readonly seq: number;
  readonly at: string;
  readonly type: RunEventType;
  readonly [part: string]: JsonValue;
}

export type LogLineView = Omit<LogLine, 'at'> & { readonly at: string };

const EVENT_TYPES = [
  'run.started',
  'run.called_back',
  'run.cancel_requested',
  'run.finished',
  'job.expanded',
  'job.cancel_requested',
  'job.started',
  'job.finished',
  'step.started',
  'step.waiting',
  'step.answered',
  'step.finished',
] as const satisfies readonly RunEventType[];

export const runEventSchema = schemaOf<RunEventView>()(
  z.catchall(z.object({ seq: z.int().check(z.gte(1)), at: instant, type: z.enum(EVENT_TYPES) }), json),
);

export const logLineSchema = schemaOf<LogLineView>()(
  z.strictObject({
    job: z.string(),
    step: z.string(),
    attempt: z.int(),
    n: z.int(),
    at: instant,
    stream: z.enum(['stdout', 'stderr', 'log', 'engine']),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    text: z.string(),
  }),
);

/** `cursor` is there also when nothing comes behind it yet. */
export const logPageSchema = z.strictObject({ items: z.array(logLineSchema), nextCursor: z.exactOptional(z.string()), cursor: z.string() });
