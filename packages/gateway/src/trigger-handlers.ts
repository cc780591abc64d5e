import type { WebhookSource } from '@kb-labs/contracts';
import { listDeliveries, listSchedules, pauseSchedule, receiveDelivery, replayDelivery, resumeSchedule, triggerSchedule } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';

import type { Handlers } from './handler.js';
import { readDeliveryBody } from './read-delivery-body.js';

type TriggerRoutes = 'listSchedules' | 'pauseSchedule' | 'resumeSchedule' | 'triggerSchedule' | 'receiveDelivery' | 'listDeliveries' | 'replayDelivery';

export const triggerHandlers: Handlers<TriggerRoutes> = {
  listSchedules: async ({ engine }, { caller }) => ({ status: 200, body: { items: await listSchedules(engine, { tenant: caller.tenant }) } }),

  pauseSchedule: async ({ engine }, { params, caller }) => ({ status: 200, body: await pauseSchedule(engine, { id: params.id, by: caller.name, tenant: caller.tenant }) }),

  resumeSchedule: async ({ engine }, { params, caller }) => ({ status: 200, body: await resumeSchedule(engine, { id: params.id, by: caller.name, tenant: caller.tenant }) }),

  triggerSchedule: async ({ engine }, { params, caller }) => ({ status: 201, body: await triggerSchedule(engine, { id: params.id, by: caller.name, tenant: caller.tenant }) }),

  receiveDelivery: async ({ engine }, { params, headers, raw }) => {
    const source = SOURCES.find((one) => one === params.source);
    if (source === undefined) throw new AppError('WEBHOOK_UNKNOWN', { source: params.source });
    const received = await receiveDelivery(engine, { source, headers, rawBody: raw, readBody: () => readDeliveryBody(raw, headers['content-type']) });
    if (received.kind === 'challenge') return { status: 200, body: { challenge: received.challenge } };
    const { delivery, repeated } = received;
    return { status: 202, body: { delivery: delivery.id, repeated, runs: delivery.runs } };
  },

  listDeliveries: async ({ engine }, { query, caller }) => ({ status: 200, body: await listDeliveries(engine, { ...query, tenant: caller.tenant }) }),

  replayDelivery: async ({ engine }, { params, caller }) => ({ status: 201, body: await replayDelivery(engine, { id: params.id, tenant: caller.tenant }) }),
};

const SOURCES: readonly WebhookSource[] = ['github', 'gitlab', 'slack', 'stripe', 'standard-webhooks', 'generic'];
