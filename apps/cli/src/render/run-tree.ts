import { isTerminalJob, isTerminalRun, type JobView, type RunView, type StepView } from '@kb-labs/contracts';

import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';
import { padTo, textWidth, truncate } from '../terminal/text-width.js';
import { reasonText } from './reason-text.js';
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
  const widths = widthsOf(run, options);
  const full = run.jobs.flatMap((job) => [jobLine(job, widths, options), ...stepLines(job, widths, options)]);
  if (full.length <= room) return full;
  const open = run.jobs.flatMap((job) => {
    const steps = isTerminalJob(job.status) ? [] : stepLines(job, widths, options);
    return [jobLine(job, widths, options), ...steps];
  });
  if (open.length <= room) return open;
  return squeeze(run, { widths, options, room });
}

const URGENCY = ['running', 'failed', 'interrupted', 'waiting', 'queued', 'cancelled', 'skipped', 'success'] as const;

function squeeze(run: RunView, { widths, options, room }: { widths: Widths; options: TreeOptions; room: number }): string[] {
  const byUrgency = run.jobs.toSorted((a, b) => URGENCY.indexOf(a.status) - URGENCY.indexOf(b.status));
  const shown = new Set(byUrgency.slice(0, room - 1));
  const lines = run.jobs.filter((job) => shown.has(job)).map((job) => jobLine(job, widths, options));
  return [...lines, options.style.dim(`  ${countRest(byUrgency.slice(room - 1))}`)];
}

function countRest(jobs: readonly JobView[]): string {
  const counts = URGENCY.map((status) => [status, jobs.filter((job) => job.status === status).length] as const);
  const parts = counts.filter(([, count]) => count > 0).map(([status, count]) => `${String(count)} ${status}`);
  return `and ${String(jobs.length)} more: ${parts.join(', ')}`;
}

/** How wide the titles are, of all jobs and of all their steps: asked once, for a tree can have thousands. */
interface Widths {
  readonly job: number;
  readonly step: number;
}

function widthsOf(run: RunView, options: TreeOptions): Widths {
  const steps = run.jobs.flatMap((job) => shownSteps(job).map((step) => textWidth(stepTitle(step))));
  // A long title gives way to what happens to its step.
  const room = Math.max(8, options.columns - BESIDE_TITLE);
  return { job: Math.max(0, ...run.jobs.map(({ key }) => textWidth(key))), step: Math.min(40, room, Math.max(0, ...steps)) };
}

function jobLine(job: JobView, widths: Widths, options: TreeOptions): string {
  return nodeLine('  ', job.key, widths.job, job, options);
}

function stepLines(job: JobView, widths: Widths, options: TreeOptions): string[] {
  return shownSteps(job).map((step) => nodeLine('    ', stepTitle(step), widths.step, step, options));
}

/** Indent and symbol, state, and a time. */
const BESIDE_TITLE = '    ✓ '.length + '  interrupted'.length + '  59m 59s'.length;

/** The job says why its steps never ran: they have nothing to add. */
function shownSteps(job: JobView): readonly StepView[] {
  return isTerminalJob(job.status) ? job.steps.filter(({ status }) => status !== 'queued') : job.steps;
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
  if (node.reason !== undefined && node.status !== 'success') return style.dim(reasonText(node.reason));
  return '';
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end === -1 ? text : text.slice(0, end);
}
