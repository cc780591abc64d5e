import { durationText } from '../../parts/durations.js';
import { wordsOf } from '../../parts/status-badge.js';
import { sumOf, type TimelineRow } from './timeline.js';

/** The numbers of a row in a sentence; `start` is when the run was made. */
export function rowText({ label, status, bars, kept }: TimelineRow, start: number): string {
  const words = [`${label}: ${wordsOf(status)}`];
  if (kept) words.push('the result of an earlier run');
  const from = bars[0]?.from;
  if (from === undefined) return words.join(', ');
  const [queue, wait] = [sumOf(bars, 'queue'), sumOf(bars, 'wait')];
  if (queue > 0) words.push(`${durationText(queue)} in the queue`);
  if (wait > 0) words.push(`${durationText(wait)} waiting`);
  words.push(`${durationText(sumOf(bars, 'run'))} running`, `from ${durationText(from - start)} to ${durationText((bars.at(-1)?.to ?? from) - start)}`);
  return words.join(', ');
}
