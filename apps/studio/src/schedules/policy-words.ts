import type { ScheduleView } from '@kb-labs/contracts';

/** What becomes of times that passed while nobody looked. */
export function catchupWords(catchup: ScheduleView['catchup']): string {
  return { none: 'Missed times are not made up for.', last: 'Of missed times, the last is made up for.', all: 'All missed times are made up for.' }[catchup];
}

/** What becomes of a time that comes while a run goes on. */
export function overlapWords(overlap: ScheduleView['overlap']): string {
  return { skip: 'Skipped while a run goes on.', queue: 'Waits while a run goes on.', allow: 'Runs can overlap.' }[overlap];
}

/** Why no run was started. */
export function skipWords(why: NonNullable<ScheduleView['lastSkip']>['why']): string {
  return { running: 'a run went on', 'queue-full': 'too many waited', missed: 'missed' }[why];
}
