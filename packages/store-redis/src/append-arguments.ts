import { isTerminalRun, JOURNAL_SCHEMA } from '@kb-labs/contracts';
import type { Append } from '@kb-labs/ports';

import type { StoreDeps } from './deps.js';
import { entryOfAppend, toTicketIds } from './entries.js';
import { sizeOf } from './journal.js';
import type { Argument } from './link.js';

/** What `APPEND_EVENTS` answers. */
export type AppendReply =
  | readonly ['absent' | 'fenced' | 'closed' | 'conflict']
  | readonly ['schema', string]
  | readonly ['ok', number | string, readonly string[]];

/** What the installation has to know of an append. */
type Asked = 'nothing' | 'status' | 'more';

/** The arguments of `APPEND_EVENTS`, and what is asked for by them. */
export function appendArguments({ keys }: Pick<StoreDeps, 'keys'>, command: Append): { args: Argument[]; asked: Asked } {
  const { runId, fence, fences = [], expected, summary, events, settle = [], enqueue = [] } = command;
  const entry = entryOfAppend(command);
  const bodies = events.map((event) => JSON.stringify(event));
  const args = [
    expected ?? '',
    fence?.ticket ?? '',
    fence?.token ?? '',
    JOURNAL_SCHEMA,
    entry.text,
    entry.hasEffects ? 1 : 0,
    summary?.status ?? '',
    summary?.startedAt ?? '',
    summary?.finishedAt ?? '',
    summary !== undefined && isTerminalRun(summary.status) ? 1 : 0,
    keys.channels.run(runId),
    keys.channels.runs,
    events.length,
    settle.length,
    enqueue.length,
    sizeOf(bodies),
    ...bodies.map((body) => `${String(command.at)} ${body}`),
    ...settle,
    ...toTicketIds(enqueue),
    ...fences.flatMap(({ ticket, token }) => [ticket, token]),
  ];
  return { args, asked: entry.hasEffects ? 'more' : entry.text === '' ? 'nothing' : 'status' };
}
