import type { FlowStatus, JobStatus, ReleaseState, RunStatus, SessionRunStatus, StepStatus, TaskStatus } from '@kb-labs/contracts';
import {
  IconAlertTriangle,
  IconBan,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClock,
  IconHandStop,
  IconLoader2,
  IconPencil,
  IconPlayerSkipForward,
  IconPlugConnectedX,
  IconQuestionMark,
  IconSkull,
  type Icon,
} from '@tabler/icons-react';

import classes from './status-badge.module.css';

export type AnyStatus =
  | RunStatus
  | JobStatus
  | StepStatus
  | FlowStatus
  | ReleaseState
  | SessionRunStatus
  | TaskStatus
  | 'allowed'
  | 'denied'
  | 'answered'
  | 'expired'
  | 'revoked'
  | 'paused'
  | 'broken'
  | 'idle'
  | 'busy'
  | 'ended'
  | 'started'
  | 'starting'
  | 'ignored';

export type Tone = 'good' | 'bad' | 'busy' | 'wait' | 'calm' | 'odd';

interface Look {
  readonly tone: Tone;
  readonly icon: Icon;
  /** When it is not the status itself with spaces. */
  readonly text?: string;
}

const LOOKS: Readonly<Record<AnyStatus, Look>> = {
  success: { tone: 'good', icon: IconCircleCheck },
  succeeded: { tone: 'good', icon: IconCircleCheck },
  completed: { tone: 'good', icon: IconCircleCheck },
  active: { tone: 'good', icon: IconCircleCheck },
  verified: { tone: 'good', icon: IconCircleCheck },
  allowed: { tone: 'good', icon: IconCircleCheck },
  answered: { tone: 'good', icon: IconCircleCheck },
  started: { tone: 'good', icon: IconCircleCheck },
  failed: { tone: 'bad', icon: IconCircleX },
  denied: { tone: 'bad', icon: IconCircleX },
  broken: { tone: 'bad', icon: IconAlertTriangle },
  revoked: { tone: 'bad', icon: IconBan },
  quarantined: { tone: 'bad', icon: IconSkull },
  running: { tone: 'busy', icon: IconLoader2 },
  in_progress: { tone: 'busy', icon: IconLoader2 },
  starting: { tone: 'busy', icon: IconLoader2 },
  busy: { tone: 'busy', icon: IconLoader2 },
  canary: { tone: 'busy', icon: IconAlertTriangle },
  queued: { tone: 'calm', icon: IconCircleDashed },
  pending: { tone: 'calm', icon: IconCircleDashed },
  idle: { tone: 'calm', icon: IconCircleDashed },
  draft: { tone: 'calm', icon: IconPencil },
  waiting: { tone: 'wait', icon: IconClock },
  blocked: { tone: 'wait', icon: IconClock },
  waiting_approval: { tone: 'wait', icon: IconHandStop, text: 'waiting for approval' },
  waiting_for_approval: { tone: 'wait', icon: IconHandStop },
  waiting_for_user_question: { tone: 'wait', icon: IconQuestionMark, text: 'waiting for an answer' },
  paused: { tone: 'wait', icon: IconHandStop },
  interrupted: { tone: 'odd', icon: IconPlugConnectedX },
  unknown: { tone: 'odd', icon: IconQuestionMark },
  expired: { tone: 'calm', icon: IconClock },
  cancelled: { tone: 'calm', icon: IconBan },
  ended: { tone: 'calm', icon: IconBan },
  skipped: { tone: 'calm', icon: IconPlayerSkipForward },
  ignored: { tone: 'calm', icon: IconPlayerSkipForward },
};

export function toneOf(status: AnyStatus): Tone {
  return LOOKS[status].tone;
}

export function wordsOf(status: AnyStatus): string {
  return LOOKS[status].text ?? status.replaceAll('_', ' ');
}

interface StatusBadgeProps {
  readonly status: AnyStatus;
  /** Said in place of the status, where another word is the one people know. */
  readonly text?: string;
  /** Said behind it. */
  readonly note?: string;
  readonly iconOnly?: boolean;
}

/** A status by icon and word; the colour only repeats it. */
export function StatusBadge({ status, note, text = wordsOf(status), iconOnly = false }: StatusBadgeProps) {
  const { tone, icon: Shape } = LOOKS[status];
  const words = note === undefined ? text : `${text}, ${note}`;
  return (
    <span className={classes['badge']} data-tone={tone} data-status={status}>
      <Shape size={16} stroke={2} className={Shape === IconLoader2 ? classes['turning'] : undefined} aria-hidden={!iconOnly} {...(iconOnly ? { role: 'img', 'aria-label': words } : {})} />
      {iconOnly ? null : <span>{words}</span>}
    </span>
  );
}
