import type { RunId } from './ids.js';
import type { JsonValue } from './json.js';
import type { TerminalRunStatus } from './status.js';

/**
 * What started a run. Expressions read it as `trigger`. `manual`: a person or a program asked for it; `call`: a step
 * `workflow://` of another run; `workflow`: another run ended.
 */
export interface Trigger {
  readonly type: 'manual' | 'call' | 'workflow';
  /** Who asked, for people: a user name, an address. Of a called run it is who started the caller. */
  readonly actor: string;
  readonly payload: JsonValue;
  readonly branch: string | null;
  readonly tag: string | null;
  readonly sha: string | null;
  /** The run that called this one or whose end started it. */
  readonly parent?: TriggerParent;
}

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
