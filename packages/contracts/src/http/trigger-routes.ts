import * as z from 'zod/mini';

import type { DeliveryRunView, DeliveryView } from '../delivery-view.js';
import { LIMITS } from '../limits.js';
import type { ScheduleView } from '../schedule-view.js';
import type { RouteSpec } from './route-spec.js';
import { runSchema, runStatusSchema } from './run-schemas.js';
import { instant, pageOf, schemaOf, wholeNumber } from './schema-of.js';

const text = z.string();
const ofSchedule = z.strictObject({ id: text.check(z.minLength(1), z.maxLength(128)) });
const noBody = z.strictObject({});

export const scheduleSchema = schemaOf<ScheduleView>()(
  z.strictObject({
    id: text,
    workflowId: text,
    file: text,
    cron: text,
    timezone: text,
    catchup: z.enum(['none', 'last', 'all']),
    overlap: z.enum(['skip', 'queue', 'allow']),
    status: z.enum(['active', 'paused', 'broken']),
    next: z.array(instant),
    waiting: z.array(instant),
    lastRun: z.nullable(z.strictObject({ runId: text, at: instant, startedAt: instant, status: z.nullable(runStatusSchema) })),
    lastSkip: z.nullable(z.strictObject({ from: instant, to: instant, why: z.enum(['running', 'queue-full', 'missed']) })),
    problem: z.nullable(z.strictObject({ code: text, message: text, at: z.nullable(instant) })),
    paused: z.nullable(z.strictObject({ at: instant, by: text })),
  }),
);

const deliveryRun = schemaOf<DeliveryRunView>()(z.strictObject({ workflowId: text, runId: z.nullable(text), problem: z.nullable(z.strictObject({ code: text, message: text })) }));

export const deliverySchema = schemaOf<DeliveryView>()(
  z.strictObject({
    id: text,
    source: z.enum(['github', 'gitlab', 'slack', 'stripe', 'standard-webhooks', 'generic']),
    event: z.nullable(text),
    delivery: z.nullable(text),
    receivedAt: instant,
    digest: text,
    bytes: z.int(),
    headers: z.record(z.string(), text),
    replayOf: z.nullable(text),
    outcome: z.enum(['started', 'starting', 'ignored', 'failed']),
    runs: z.array(deliveryRun),
    ignored: z.array(z.strictObject({ workflowId: text, reason: text })),
  }),
);

/** What starts runs by itself: schedules and webhooks. */
export const TRIGGER_ROUTES = {
  listSchedules: {
    method: 'GET',
    path: '/api/v1/schedules',
    tag: 'schedules',
    summary: 'List the schedules of the project, with their next times and how they stand',
    access: 'read',
    answers: [{ status: 200, body: pageOf(scheduleSchema) }],
  },
  pauseSchedule: {
    method: 'POST',
    path: '/api/v1/schedules/:id/pause',
    tag: 'schedules',
    summary: 'Let no more times of a schedule start runs',
    access: 'write',
    params: ofSchedule,
    body: noBody,
    answers: [{ status: 200, body: scheduleSchema }],
  },
  resumeSchedule: {
    method: 'POST',
    path: '/api/v1/schedules/:id/resume',
    tag: 'schedules',
    summary: 'Go on with a schedule that was paused',
    description: 'Times that passed meanwhile were missed, and are made up for as its `catchup` says.',
    access: 'write',
    params: ofSchedule,
    body: noBody,
    answers: [{ status: 200, body: scheduleSchema }],
  },
  triggerSchedule: {
    method: 'POST',
    path: '/api/v1/schedules/:id/trigger',
    tag: 'schedules',
    summary: 'Start the run of a schedule now, paused or not',
    access: 'run',
    params: ofSchedule,
    body: noBody,
    answers: [{ status: 201, body: runSchema }],
  },
  receiveDelivery: {
    method: 'POST',
    path: '/api/v1/webhooks/:source',
    tag: 'webhooks',
    summary: 'Take a delivery of github, gitlab, slack, stripe, standard-webhooks or a generic sender',
    description: `The signature is the permission: it is checked on the bytes as they come, ${String(LIMITS.deliveryBytes)} at most, before anything of them is read. The same delivery again starts nothing.`,
    access: 'proof',
    params: z.strictObject({ source: text }),
    raw: true,
    answers: [
      { status: 202, body: z.strictObject({ delivery: text, repeated: z.boolean(), runs: z.array(deliveryRun) }), when: 'it is kept, and carried out whatever happens. A run without an id and without a problem is about to be started' },
      { status: 200, body: z.strictObject({ challenge: text }), when: 'the sender wants to see that somebody is here' },
    ],
  },
  listDeliveries: {
    method: 'GET',
    path: '/api/v1/deliveries',
    tag: 'webhooks',
    summary: 'List deliveries that were accepted, newest first',
    access: 'read',
    query: z.strictObject({ cursor: z.exactOptional(text), limit: z.exactOptional(wholeNumber(1, 200)) }),
    answers: [{ status: 200, body: pageOf(deliverySchema) }],
  },
  replayDelivery: {
    method: 'POST',
    path: '/api/v1/deliveries/:id/replay',
    tag: 'webhooks',
    summary: 'Carry a delivery out again, with new runs',
    access: 'write',
    params: z.strictObject({ id: text.check(z.minLength(1), z.maxLength(64)) }),
    body: noBody,
    answers: [{ status: 201, body: deliverySchema }],
  },
} as const satisfies Readonly<Record<string, RouteSpec>>;
