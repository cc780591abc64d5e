import type { RunId } from './ids.js';
import type { JsonValue } from './json.js';
import type { TriggerSession } from './session.js';
import type { TerminalRunStatus } from './status.js';

export const TRIGGER_TYPES = ['manual', 'push', 'schedule', 'webhook', 'call', 'workflow'] as const;
export type TriggerType = (typeof TRIGGER_TYPES)[number];

/**
 * What started a run. Expressions read it as `trigger`. `manual`: a person or a program asked for it; `push`: commits came
 * to a branch or tag; `schedule`: its time came; `webhook`: another service sent something; `call`: a step `workflow://`
 * of another run; `workflow`: another run ended.
 */
export interface Trigger {
  readonly type: TriggerType;
  /** Who asked, for people: a user name, an address. Of a called run it is who started the caller. */
  readonly actor: string;
  readonly payload: JsonValue;
  readonly branch: string | null;
  readonly tag: string | null;
  readonly sha: string | null;
  /** The files a push touched, as far as they are known. */
  readonly paths?: string[];
  /** What a webhook or a push through one was about: `pull_request.opened`. */
  readonly event?: string;
  /** The sender's id of a delivery: the same when it is sent again. */
  readonly delivery?: string;
  readonly schedule?: TriggerSchedule;
  /** The run that called this one or whose end started it. */
  readonly parent?: TriggerParent;
  /** The session it was submitted to, or that was made for it because its caller belongs to one. */
  readonly session?: TriggerSession;
}

/** The entry of `on.schedule` whose time came. A type and not an interface, so that it is a JSON object. */
export type TriggerSchedule = {
  readonly cron: string;
  readonly timezone: string;
  /** The time that came, ISO 8601 in UTC; the run may have started later. */
  readonly at: string;
};

export interface TriggerParent {
  readonly runId: RunId;
  readonly workflowId: string;
  /** How many runs are above this one. */
  readonly depth: number;
  /** The step that called; absent when the parent's end started the run. */
  readonly job?: string;
  readonly step?: string;
  /** Whether that step waits for the end of this run. */
  readonly waits?: boolean;
  /** How the parent ended, when its end started the run. */
  readonly status?: TerminalRunStatus;
}
