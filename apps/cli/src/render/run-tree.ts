import { isTerminalRun, type JobView, type RunView, type StepView } from '@kb-labs/contracts';

import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';
import { padTo, textWidth, truncate } from '../terminal/text-width.js';
import { chooseRows, type NodeRow, type Row } from './choose-rows.js';
import { jobTitle } from './matrix-text.js';
import { reasonText } from './reason-text.js';
import { paintOf, statusMark, statusSymbol } from './status-mark.js';
import { formatElapsed } from './times.js';
import { dueText, waitText } from './wait-text.js';

export interface TreeOptions {
  readonly now: number;
  readonly style: Style;
  /** Columns a line may take. */
  readonly columns: number;
  /** Lines the whole may take; everything when left out, but not thousands of combinations of a matrix. */
  readonly rows?: number;
  /** The address that calls the run back, where it may be shown. */
  readonly callbackUrl?: () => string;
}

/** A run as a tree of jobs and steps: one line each, the running parts last to go when there is no room. */
export function renderRunTree(run: RunView, options: TreeOptions): string[] {
  const heads = [headLine(run, options), ...originLine(run, options.style)];
  const rows = chooseRows(run, options.rows === undefined ? undefined : Math.max(1, options.rows - heads.length));
  const widths = widthsOf(rows, run, options);
  const lines = [...heads, ...rows.map((row) => renderRow(row, { run, widths, options }))];
  return lines.map((line) => truncate(line, options.columns));
}

function headLine(run: RunView, { style, now }: TreeOptions): string {
  const version = run.workflowVersion === null ? '' : ` ${sanitizeText(run.workflowVersion)}`;
  const note = run.reason === undefined || isTerminalRun(run.status) ? '' : style.yellow(` (${sanitizeText(run.reason.message)})`);
  const elapsed = formatElapsed(run, now);
  return `${style.bold(run.workflowId)}${version}  ${style.dim(run.id)}  ${statusMark(run.status, style)}${note}${elapsed === '' ? '' : `  ${elapsed}`}`;
}

/** Where the run comes from, when another run is behind it. */
function originLine({ parent, rerunOf }: RunView, style: Style): string[] {
  const parts = [
    ...(parent === undefined ? [] : [parent.step === null ? `after ${parent.id} of ${parent.workflowId}` : `called by ${parent.job ?? ''}/${parent.step} of ${parent.id}`]),
    ...(rerunOf === undefined ? [] : [`rerun of ${rerunOf}`]),
  ];
  return parts.length === 0 ? [] : [style.dim(`  ${sanitizeText(parts.join(', '))}`)];
}

/** How wide the titles and states are, of the jobs and of the steps that are shown. */
interface Widths {
  readonly job: number;
  readonly step: number;
  readonly status: number;
}

interface Drawing {
  readonly run: RunView;
  readonly widths: Widths;
  readonly options: TreeOptions;
}

function widthsOf(rows: readonly Row[], run: RunView, options: TreeOptions): Widths {
  let job = 0;
  let step = 0;
  let status = 'interrupted'.length;
  for (const row of rows) {
    if (row.kind === 'job') job = Math.max(job, textWidth(indentOf(row).slice(2) + jobTitle(row.job)));
    else if (row.kind === 'step') step = Math.max(step, textWidth(indentOf(row).slice(4) + stepTitle(row.step, run, options.style)));
    if (row.kind === 'step') status = Math.max(status, row.step.status.length);
  }
  // A long title gives way to what happens to its step.
  const room = Math.max(8, options.columns - BESIDE_TITLE);
  return { job: Math.min(room, job), step: Math.min(40, room, step), status };
}

/** Indent and symbol, state, and a time. */
const BESIDE_TITLE = '    ✓ '.length + '  interrupted'.length + '  59m 59s'.length;

function renderRow(row: Row, drawing: Drawing): string {
  const { run, widths, options } = drawing;
  switch (row.kind) {
    case 'job': {
      const indent = indentOf(row);
      return nodeLine({ indent, title: jobTitle(row.job), width: widths.job - indent.length + 2, node: row.job, note: jobNote(row.job, options.style) }, drawing);
    }
    case 'step': {
      const indent = indentOf(row);
      return nodeLine({ indent, title: stepTitle(row.step, run, options.style), width: widths.step - indent.length + 4, node: row.step, note: stepNote(row, drawing) }, drawing);
    }
    case 'answer':
      return options.style.dim(`${indentOf(row)}    ${answerOf(row, drawing)}`);
    case 'more':
      return options.style.dim(`${row.nested ? '    ' : '  '}${row.text}`);
  }
}

/** Steps stand below their job, and combinations below the job they are of. */
function indentOf(row: NodeRow): string {
  const nested = row.job.combinationOf === undefined ? 0 : 1;
  return '  '.repeat((row.kind === 'job' ? 1 : 2) + nested);
}

function stepTitle(step: StepView, run: RunView, style: Style): string {
  const name = sanitizeText(step.name === '' ? step.id : step.name);
  const phase = run.phases?.find(({ id }) => id === step.phase)?.label;
  return [...(step.hook === undefined ? [] : [style.dim(step.hook)]), ...(phase === undefined ? [] : [style.dim(`[${sanitizeText(phase)}]`)]), name].join(' ');
}

interface NodeLine {
  readonly indent: string;
  readonly title: string;
  readonly width: number;
  readonly node: JobView | StepView;
  readonly note: string;
}

function nodeLine({ indent, title, width, node, note }: NodeLine, { widths, options: { style, now } }: Drawing): string {
  const mark = paintOf(node.status, style);
  const cells = [
    `${indent}${mark(statusSymbol(node.status))} ${padTo(truncate(title, width), width)}`,
    mark(padTo(node.status, widths.status)),
    formatElapsed(node, now),
    'iteration' in node && node.iteration !== undefined ? style.dim(`iteration ${String(node.iteration)}`) : '',
    node.attempt > 1 ? style.dim(`try ${String(node.attempt)}`) : '',
    note,
  ];
  return cells.filter((cell) => cell !== '').join('  ').trimEnd();
}

/** While one of its steps waits, that says why. */
function jobNote(job: JobView, style: Style): string {
  return job.status === 'waiting' && job.steps.some(({ status }) => status === 'waiting' || status === 'waiting_approval') ? '' : commonNote(job, style);
}

function stepNote({ job, step }: { readonly job: JobView; readonly step: StepView }, { run, options: { style, now } }: Drawing): string {
  const child = step.childRunId === undefined ? [] : [`→ ${step.childRunId}`];
  if (step.waitsFor !== undefined) {
    const what = step.waitsFor.kind === 'child' ? [] : [waitText(step.waitsFor, { runId: run.id, job: job.key, step: step.id, now }).what];
    return style.yellow([...child, ...what].join('  '));
  }
  const due = step.status === 'waiting' && step.reason !== undefined ? style.dim(dueText(step.reason, now)) : '';
  return [...child.map(style.dim), commonNote(step, style) + due].filter((part) => part !== '').join('  ');
}

function commonNote(node: JobView | StepView, style: Style): string {
  if (node.status === 'failed' && node.error !== undefined) return style.red(sanitizeText(firstLine(node.error.message)));
  if (node.keptFrom !== undefined) return style.dim(`kept from ${sanitizeText(node.keptFrom)}`);
  if (node.reason !== undefined && node.status !== 'success') return style.dim(reasonText(node.reason));
  return '';
}

function answerOf({ job, step }: { readonly job: JobView; readonly step: StepView }, { run, options }: Drawing): string {
  if (step.waitsFor === undefined) return '';
  return waitText(step.waitsFor, { runId: run.id, job: job.key, step: step.id, now: options.now, callbackUrl: options.callbackUrl }).how ?? '';
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end === -1 ? text : text.slice(0, end);
}
