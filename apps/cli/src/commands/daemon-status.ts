import { findDaemon, type RunningDaemon } from '@kb-labs/daemon';
import { AppError } from '@kb-labs/errors';

import type { CommandContext, CommandHandler } from '../command-context.js';
import { formatAge } from '../render/times.js';
import { sanitizeText } from '../terminal/sanitize.js';

export const execute: CommandHandler<'daemon:status'> = async (context) => {
  const { stateDir } = await context.config();
  const daemon = findDaemon(stateDir);
  if (daemon === undefined) throw new AppError('DAEMON_NOT_RUNNING', { problem: 'none is named in its state folder' });
  const { deps } = await context.engine();
  const [jobs, openRuns] = await Promise.all([deps.queue.counts(), deps.catalog.countOpen()]);
  const { process: identity, ...shown } = daemon;
  if (context.json) context.terminal.printJson({ ...shown, host: identity.host, jobs, openRuns });
  else context.terminal.print([...describe(daemon, context), `jobs     ${listCounts({ running: jobs.held, due: jobs.due, later: jobs.later })}`, `runs     ${listCounts(openRuns)}`]);
  return undefined;
};

function describe(daemon: RunningDaemon, { terminal }: CommandContext): string[] {
  const { style } = terminal;
  const place = daemon.elsewhere ? ` on ${sanitizeText(daemon.process.host)}, where this command cannot look` : '';
  return [
    `daemon   ${style.bold(`pid ${String(daemon.pid)}`)}${place}  ${style.dim(`version ${sanitizeText(daemon.version)}`)}`,
    `since    ${sanitizeText(daemon.startedAt)}  ${style.dim(formatAge(daemon.startedAt, terminal.now()))}`,
    `roles    ${daemon.roles.join(' ')}`,
    ...(daemon.url === null ? [] : [`address  ${sanitizeText(daemon.url)}`]),
  ];
}

function listCounts(counts: Readonly<Record<string, number | undefined>>): string {
  const some = Object.entries(counts).filter(([, count]) => count !== undefined && count > 0);
  return some.length === 0 ? 'none' : some.map(([name, count]) => `${String(count)} ${name}`).join(', ');
}
