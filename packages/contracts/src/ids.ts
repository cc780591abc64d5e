declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** `run_` and a ULID: sorts by creation time. */
export type RunId = Branded<'RunId'>;
/** Names one hand-out of a job: `<run>.<job>.<attempt>.<turn>`, so that the same hand-out always has the same id. */
export type TicketId = Branded<'TicketId'>;
/** `wrk_` and a ULID: one worker, for the life of its process. */
export type WorkerId = Branded<'WorkerId'>;

const RUN_ID = /^run_[0-9A-HJKMNP-TV-Z]{26}$/;

export function isRunId(text: string): text is RunId {
  return RUN_ID.test(text);
}

/** Brands a text that `isRunId` accepts; `undefined` for any other. */
export function parseRunId(text: string): RunId | undefined {
  return isRunId(text) ? text : undefined;
}

export function toRunId(ulid: string): RunId {
  return `run_${ulid}` as RunId;
}

export function toWorkerId(ulid: string): WorkerId {
  return `wrk_${ulid}` as WorkerId;
}

/** The place a ticket stands for. `turn` counts the hand-outs of one attempt, from 0. */
export interface TicketPlace {
  readonly runId: RunId;
  readonly job: string;
  readonly attempt: number;
  readonly turn: number;
}

export function toTicketId(place: TicketPlace): TicketId {
  return `${place.runId}.${place.job}.${place.attempt}.${place.turn}` as TicketId;
}

/**
 * The key a step can hand to an outside system to deduplicate its own side effects. It is the same for every
 * try of the same step of the same job attempt, also after a crash. A gate that sends a job back begins a new iteration, with a new key.
 */
export function toIdempotencyKey(place: { runId: RunId; job: string; attempt: number; step: string; iteration?: number }): string {
  const again = place.iteration === undefined || place.iteration === 1 ? '' : `.${place.iteration}`;
  return `${place.runId}.${place.job}.${place.attempt}.${place.step}${again}`;
}

/** Stands in a ticket in place of a job: what is left to do once a run has ended, and the end of a run's time. */
export const AFTER_END = '$ended';
export const TIME_LIMIT = '$timeout';
