import { toTicketId, type JobState, type RunState, type TicketId } from '@kb-labs/contracts';
import type { NewTicket } from '@kb-labs/ports';
import { plannedJob } from '@kb-labs/resolver';

/** The next hand-out of a job. */
export function ticketOf(state: RunState, job: Pick<JobState, 'key' | 'attempt' | 'turn'>, notBefore: number): NewTicket {
  const priority = plannedJob(state, job.key)?.priority;
  return {
    runId: state.id,
    job: job.key,
    attempt: job.attempt,
    turn: job.turn,
    notBefore,
    ...(priority === undefined ? {} : { priority }),
  };
}

export function ticketIdOf(state: RunState, job: Pick<JobState, 'key' | 'attempt' | 'turn'>): TicketId {
  return toTicketId({ runId: state.id, job: job.key, attempt: job.attempt, turn: job.turn });
}
