/**
 * Whether a push, a delivery or a time starts a workflow, and with what: decisions about values, with the clock and the
 * cryptography passed in.
 */
export { decideFire } from './decide-fire.js';
export type { FireDecision, LeftOut, ScheduleStanding } from './decide-fire.js';
export type { Delivery, ReceivedRequest } from './delivery.js';
export { instantsBetween, nextInstants } from './instants.js';
export type { Timetable } from './instants.js';
export { matchesEvent } from './matches-event.js';
export type { Happened } from './matches-event.js';
export { matchesPush } from './matches-push.js';
export type { Push, PushMatch } from './matches-push.js';
export { patternProblem } from './pattern-problem.js';
export type { PatternKind } from './pattern-problem.js';
export type { TextProblem } from './push-pattern.js';
export { readCron } from './read-cron.js';
export type { Cron, CronField, ReadCron } from './read-cron.js';
export { readDelivery } from './read-delivery.js';
export type { DeliveryForm } from './read-delivery.js';
export type { RequestHeaders } from './request-headers.js';
export { scheduleTrigger } from './schedule-trigger.js';
export { startsFor } from './starts-for.js';
export type { Incoming, Listener, ReceivedDelivery, SeenPush, StartDecision } from './starts-for.js';
export { DEFAULT_TIME_ZONE, isTimeZone, nearestTimeZone } from './time-zone.js';
export { verifySignature } from './verify-signature.js';
export type { SignatureProblem, SignatureResult, SignatureScheme, SignedRequest } from './verify-signature.js';
