import type { JobView, LogLine, RunError, RunView, StepView } from '@kb-labs/contracts';

import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';
import { renderLogLine } from './log-line.js';
import { statusMark } from './status-mark.js';
import { formatElapsed } from './times.js';

export interface SummaryOptions {
  readonly style: Style;
  /** The last lines of a step's log, for the step that failed. */
  readonly tail: (job: string, step: string) => readonly LogLine[];
}

/** What a run came to: its end, outputs and artifacts; after a failure what failed, its last lines and what to do. */
export function renderRunSummary(run: RunView, options: SummaryOptions): string[] {
  const { style } = options;
  const elapsed = formatElapsed(run, 0);
  const lines = [`${statusMark(run.status, style)}  ${style.bold(run.workflowId)}  ${run.id}${elapsed === '' ? '' : `  in ${elapsed}`}`];
  const outputs = Object.entries(run.outputs);
  if (outputs.length > 0) lines.push('', style.bold('Outputs'), ...outputs.flatMap(([name, value]) => outputLines(name, value)));
  if (run.artifacts.length > 0) {
    const shown = run.artifacts.slice(0, SHOWN_ARTIFACTS).map((artifact) => `  ${sanitizeText(artifact.name)}  ${style.dim(`${artifact.type}, ${formatBytes(artifact.bytes)}`)}`);
    const rest = run.artifacts.length - shown.length;
    lines.push('', style.bold('Artifacts'), ...shown, ...(rest > 0 ? [style.dim(`  … ${String(rest)} more: kb workflow:artifacts --run-id=${run.id}`)] : []));
    lines.push(style.dim(`  kb workflow:artifacts --run-id=${run.id} --download=NAME`));
  }
  return [...lines, ...failureLines(run, options)];
}

const SHOWN_OUTPUT_LINES = 20;
const SHOWN_ARTIFACTS = 50;
/** A matrix can fail thousands of times for the same reason. */
const SHOWN_FAILURES = 20;

function outputLines(name: string, value: unknown): string[] {
  const text = typeof value === 'string' ? value.trimEnd() : JSON.stringify(value);
  const [first = '', ...more] = text.split('\n').map(sanitizeText);
  if (more.length === 0) return [`  ${name}: ${first}`];
  const all = [first, ...more];
  const shown = all.slice(0, SHOWN_OUTPUT_LINES).map((line) => `    ${line}`.trimEnd());
  const rest = all.length - shown.length;
  return [`  ${name}:`, ...shown, ...(rest > 0 ? [`    … ${String(rest)} more lines`] : [])];
}

export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${String(bytes)} B`;
  if (bytes < 1_024 ** 2) return `${(bytes / 1_024).toFixed(1)} KiB`;
  if (bytes < 1_024 ** 3) return `${(bytes / 1_024 ** 2).toFixed(1)} MiB`;
  return `${(bytes / 1_024 ** 3).toFixed(1)} GiB`;
}

function failureLines(run: RunView, { style, tail }: SummaryOptions): string[] {
  if (run.status !== 'failed' && run.status !== 'quarantined') return [];
  const failedMatrices = new Set(run.jobs.flatMap(({ status, combinationOf }) => (status === 'failed' && combinationOf !== undefined ? [combinationOf] : [])));
  // A job fails with its combinations, which say why.
  const failed = run.jobs.filter(({ key }) => !failedMatrices.has(key)).flatMap((job) => failuresOf(job).map((failure) => ({ job, ...failure })));
  const blocks = failed.slice(0, SHOWN_FAILURES).flatMap(({ job, step, error }) => {
    const scope = step === undefined ? job.key : `${job.key}/${step.id}`;
    const log = step === undefined ? [] : tail(job.key, step.id).map((line) => `  ${renderLogLine(line, style)}`);
    return ['', `${style.red(`✗ ${scope}`)}  ${errorText(error)}`, ...hintLines(error, style), ...log];
  });
  const own = failed.length === 0 && run.error !== undefined ? ['', `${style.red('✗')} ${errorText(run.error)}`, ...hintLines(run.error, style)] : [];
  const rest = failed.length > SHOWN_FAILURES ? ['', style.red(`✗ and ${String(failed.length - SHOWN_FAILURES)} more that failed`)] : [];
  return [...blocks, ...rest, ...own, '', style.dim(`The whole log: kb workflow:logs --run-id=${run.id}`)];
}

/** The steps that failed a job; the job itself when its error came from none of them. */
function failuresOf(job: JobView): { step: StepView | undefined; error: RunError }[] {
  if (job.status !== 'failed') return [];
  const steps = job.steps.flatMap((step) => (step.status === 'failed' && step.error !== undefined ? [{ step, error: step.error }] : []));
  if (steps.length > 0) return steps;
  return job.error === undefined ? [] : [{ step: undefined, error: job.error }];
}

function errorText(error: RunError): string {
  const [first = '', ...more] = error.message.split('\n');
  return [`${sanitizeText(error.code)}: ${sanitizeText(first)}`, ...more.slice(0, SHOWN_OUTPUT_LINES).map((line) => `    ${sanitizeText(line)}`)].join('\n');
}

function hintLines(error: RunError, style: Style): string[] {
  return error.hint === undefined ? [] : [style.dim(`  ${sanitizeText(error.hint)}`)];
}
