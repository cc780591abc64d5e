import type { ScheduleView } from '@kb-labs/contracts';
import { listSchedules } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';

import type { CommandHandler } from '../command-context.js';
import { renderTable } from '../render/table.js';
import { formatAge } from '../render/times.js';
import { sanitizeText } from '../terminal/sanitize.js';
import type { Terminal } from '../terminal/terminal.js';

export const execute: CommandHandler<'schedule:list'> = async (context, args) => {
  const { terminal } = context;
  const { deps } = await context.engine();
  const all = await listSchedules(deps);
  const [wanted] = args.rest;
  const items = wanted === undefined ? all : all.filter(({ id, workflowId }) => id === wanted || workflowId === wanted);
  if (wanted !== undefined && items.length === 0) throw new AppError('SCHEDULE_NOT_FOUND', { id: wanted });
  if (context.json) {
    terminal.printJson({ items });
    return undefined;
  }
  if (items.length === 0) {
    terminal.note('no workflow has a schedule');
    return undefined;
  }
  if (wanted !== undefined) {
    terminal.print(items.flatMap((item, index) => [...(index === 0 ? [] : ['']), ...renderSchedule(item, terminal)]));
    return undefined;
  }
  const header = ['SCHEDULE', 'CRON', 'ZONE', 'STATUS', 'NEXT', 'LAST RUN'];
  terminal.print(renderTable(items.map((item) => rowOf(item, terminal)), { header, columns: terminal.columns(), paintHeader: terminal.style.dim }));
  terminal.note(items.flatMap(({ id, problem }) => (problem === null ? [] : [`${id}: ${sanitizeText(problem.code)}: ${sanitizeText(problem.message)}`])));
  return undefined;
};

/** One schedule, with all there is to know about it. */
export function renderSchedule(item: ScheduleView, { style, now }: Terminal): string[] {
  const { lastRun, lastSkip, problem, paused } = item;
  return [
    `${item.id}  ${paint(item, style)}`,
    `  ${item.cron}  ${item.timezone}  ${style.dim(`catchup ${item.catchup}, overlap ${item.overlap}, in ${sanitizeText(item.file)}`)}`,
    ...(paused === null ? [] : [`  paused by ${sanitizeText(paused.by)} ${formatAge(paused.at, now())}`]),
    ...(problem === null ? [] : [`  ${style.red('could not start')}  ${sanitizeText(problem.code)}: ${sanitizeText(problem.message)}${problem.at === null ? '' : `  (for ${problem.at})`}`]),
    ...(lastRun === null ? [] : [`  last run   ${lastRun.runId} for ${lastRun.at}  ${lastRun.status ?? 'no longer kept'}`]),
    ...(lastSkip === null ? [] : [`  last skip  ${lastSkip.from === lastSkip.to ? lastSkip.from : `${lastSkip.from} to ${lastSkip.to}`}  ${WHY[lastSkip.why]}`]),
    ...(item.waiting.length === 0 ? [] : [`  waiting    ${item.waiting.join(', ')}`]),
    ...item.next.map((at, index) => `  ${index === 0 ? 'next      ' : '          '} ${at}`),
  ];
}

const WHY = { running: 'a run went on', 'queue-full': 'too many waited', missed: 'nobody looked, and it is not made up for' } as const;

function rowOf(item: ScheduleView, { style, now }: Terminal): string[] {
  const { lastRun } = item;
  return [item.id, item.cron, item.timezone, paint(item, style), item.next[0] ?? 'never again', lastRun === null ? 'never' : `${formatAge(lastRun.startedAt, now())} ${lastRun.status ?? ''}`.trimEnd()];
}

function paint({ status }: ScheduleView, style: Terminal['style']): string {
  return status === 'active' ? style.green(status) : status === 'paused' ? style.yellow(status) : style.red(status);
}
