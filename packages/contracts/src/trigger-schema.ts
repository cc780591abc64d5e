import * as z from 'zod/mini';

import { LIMITS } from './limits.js';
import { ENV_NAME, HEADER_NAME } from './names.js';

const patterns = z.array(z.string().check(z.minLength(1), z.maxLength(LIMITS.patternLength))).check(z.minLength(1), z.maxLength(LIMITS.patterns));

/** `on.push`. Which of its keys go together, and what a pattern may be, is checked by reading the document. */
export const pushFilterSchema = z.strictObject({
  branches: z.optional(patterns),
  'branches-ignore': z.optional(patterns),
  tags: z.optional(patterns),
  'tags-ignore': z.optional(patterns),
  paths: z.optional(patterns),
  'paths-ignore': z.optional(patterns),
});
export type PushFilter = z.infer<typeof pushFilterSchema>;

/** One entry of `on.schedule`. */
export const scheduleSchema = z.strictObject({
  /** Minute, hour, day of month, month, day of week. */
  cron: z.string().check(z.minLength(1), z.maxLength(LIMITS.cronLength)),
  /** A name of the IANA time zone database; `UTC` when left out. */
  timezone: z.optional(z.string().check(z.minLength(1), z.maxLength(LIMITS.timezoneLength))),
  /** What of the times that passed while nobody looked is made up for; `last` when left out. */
  catchup: z.optional(z.enum(['none', 'last', 'all'])),
  /** What happens to a time that comes while a run of this schedule goes on; `skip` when left out. */
  overlap: z.optional(z.enum(['skip', 'queue', 'allow'])),
});
export type Schedule = z.infer<typeof scheduleSchema>;

const secretName = z.string().check(z.regex(ENV_NAME));
const headerName = z.string().check(z.regex(HEADER_NAME));
const listening = {
  /** `event` or `event.action`, `event.*`, `*`; everything but a sender's test messages when left out. */
  events: z.optional(z.array(z.string().check(z.minLength(1), z.maxLength(LIMITS.eventNameLength))).check(z.minLength(1), z.maxLength(LIMITS.events))),
  /** Names of secrets, of which one has to fit: several while one is replaced by another. */
  secret: z.union([secretName, z.array(secretName).check(z.minLength(1), z.maxLength(LIMITS.webhookSecrets))]),
};

/** One entry of `on.webhook`. */
export const webhookSchema = z.discriminatedUnion('source', [
  z.strictObject({ source: z.literal('github'), ...listening }),
  z.strictObject({ source: z.literal('gitlab'), ...listening }),
  z.strictObject({ source: z.literal('slack'), ...listening }),
  z.strictObject({ source: z.literal('stripe'), ...listening }),
  z.strictObject({ source: z.literal('standard-webhooks'), ...listening }),
  z.strictObject({
    source: z.literal('generic'),
    ...listening,
    /** Holds the HMAC-SHA256 of the body, in hex or Base64. */
    'signature-header': headerName,
    /** What stands before the signature in that header: `sha256=`. */
    'signature-prefix': z.optional(z.string().check(z.minLength(1), z.maxLength(32))),
    'event-header': z.optional(headerName),
    'delivery-header': z.optional(headerName),
  }),
]);
export type Webhook = z.infer<typeof webhookSchema>;
export type WebhookSource = Webhook['source'];
