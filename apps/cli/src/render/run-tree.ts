import { isTerminalJob, isTerminalRun, type JobView, type RunView, type StepView } from '@kb-labs/contracts';

import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';
import { padTo, textWidth, truncate } from '../terminal/text-width.js';
import { paintOf, statusMark, statusSymbol } from './status-mark.js';
import { formatElapsed } from './times.js';

export interface TreeOptions {
  readonly now: number;
  readonly style: Style;
  /** Columns a line may take. */
  readonly columns: number;
  /** Lines the whole may take; everything when left out. */
  readonly rows?: number;
}

/** A run as a tree of jobs and steps: one line each, the running parts last to go when there is no room. */
export function renderRunTree(run: RunView, options: TreeOptions): string[] {
  const lines = [headLine(run, options), ...renderJobs(run, options)];
  return lines.map((line) => truncate(line, options.columns));
}

function headLine(run: RunView, { style, now }: TreeOptions): string {
  const version = run.workflowVersion === null ? '' : ` ${sanitizeText(run.workflowVersion)}`;
  const note = run.reason === undefined || isTerminalRun(run.status) ? '' : style.yellow(` (${sanitizeText(run.reason.message)})`);
  const elapsed = formatElapsed(run, now);
  return `${style.bold(run.workflowId)}${version}  ${style.dim(run.id)}  ${statusMark(run.status, style)}${note}${elapsed === '' ? '' : `  ${elapsed}`}`;
}

/** All lines; or without the steps of finished jobs; or only jobs that are not over; and then a count of the rest. */
function renderJobs(run: RunView, options: TreeOptions): string[] {
  const room = options.rows === undefined ? Number.POSITIVE_INFINITY : Math.max(1, options.rows - 1);
  const full = run.jobs.flatMap((job) => [jobLine(job, run, options), ...stepLines(job, run, options)]);
  if (full.length <= room) return full;
  const open = run.jobs.flatMap((job) => {
    const steps = isTerminalJob(job.status) ? [] : stepLines(job, run, options);
    return [jobLine(job, run, options), ...steps];
  });
  if (open.length <= room) return open;
  return squeeze(run, options, room);
}

const URGENCY = ['running', 'failed', 'interrupted', 'waiting', 'queued', 'cancelled', 'skipped', 'success'] as const;

function squeeze(run: RunView, options: TreeOptions, room: number): string[] {
  const byUrgency = run.jobs.toSorted((a, b) => URGENCY.indexOf(a.status) - URGENCY.indexOf(b.status));
  const shown = new Set(byUrgency.slice(0, room - 1));
  const lines = run.jobs.filter((job) => shown.has(job)).map((job) => jobLine(job, run, options));
  return [...lines, options.style.dim(`  ${countRest(byUrgency.slice(room - 1))}`)];
}

function countRest(jobs: readonly JobView[]): string {
  const counts = URGENCY.map((status) => [status, jobs.filter((job) => job.status === status).length] as const);
  const parts = counts.filter(([, count]) => count > 0).map(([status, count]) => `${String(count)} ${status}`);
  return `and ${String(jobs.length)} more: ${parts.join(', ')}`;
}

function jobLine(job: JobView, run: RunView, options: TreeOptions): string {
  const width = Math.max(...run.jobs.map(({ key }) => textWidth(key)));
  return nodeLine('  ', job.key, width, job, options);
}

function stepLines(job: JobView, run: RunView, options: TreeOptions): string[] {
  const width = Math.min(40, Math.max(...run.jobs.flatMap(({ steps }) => steps.map(stepTitle)).map(textWidth)));
  return job.steps.map((step) => nodeLine('    ', stepTitle(step), width, step, options));
}

function stepTitle(step: StepView): string {
  return sanitizeText(step.name === '' ? step.id : step.name);
}

function nodeLine(indent: string, title: string, width: number, node: JobView | StepView, options: TreeOptions): string {
  const { style, now } = options;
  const mark = paintOf(node.status, style);
  const cells = [
    `${indent}${mark(statusSymbol(node.status))} ${padTo(truncate(title, width), width)}`,
    mark(padTo(node.status, 'interrupted'.length)),
    formatElapsed(node, now),
    node.attempt > 1 ? style.dim(`try ${String(node.attempt)}`) : '',
    noteOf(node, style),
  ];
  return cells.filter((cell) => cell !== '').join('  ').trimEnd();
}

function noteOf(node: JobView | StepView, style: Style): string {
  if (node.status === 'failed' && node.error !== undefined) return style.red(sanitizeText(firstLine(node.error.message)));
  if (node.reason !== undefined && node.status !== 'success') return style.dim(sanitizeText(node.reason.message));
  return '';
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end === -1 ? text : text.slice(0, end);
}
