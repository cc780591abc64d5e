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

/** The arguments of `APPEND_EVENTS`. */
export function appendArguments({ keys }: Pick<StoreDeps, 'keys'>, command: Append): Argument[] {
  const { runId, fence, fences = [], expected, summary, events, settle = [], enqueue = [] } = command;
  const entry = entryOfAppend(command);
  const bodies = events.map((event) => JSON.stringify(event));
  return [
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
}
