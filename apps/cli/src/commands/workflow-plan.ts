import { formatDuration, formatUses, type JsonValue, type PlannedJob, type PlannedStep, type RunPlan } from '@kb-labs/contracts';
import { planWorkflow, showWorkflow } from '@kb-labs/engine';

import type { CommandContext, CommandHandler } from '../command-context.js';
import { readInput } from '../input/read-input.js';
import { jobFacts, retryFact, runFacts } from '../render/job-facts.js';
import { renderJobGraph } from '../render/job-graph.js';
import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';

export const execute: CommandHandler<'workflow:plan'> = async (context, args) => {
  const { deps } = await context.offline();
  const workflowId = args['workflow-id'];
  const input = await readInput(args, context.terminal.host, async () => (await showWorkflow(deps, workflowId)).inputs);
  printPlan(context, await planWorkflow(deps, { workflowId, input }));
  return undefined;
};

export function printPlan({ terminal, json }: CommandContext, plan: RunPlan): void {
  if (json) terminal.printJson(plan);
  else terminal.print(renderPlan(plan, terminal.style));
}

/** What a run would do: its inputs, the order of its jobs, and every step with what was filled in. */
function renderPlan(plan: RunPlan, style: Style): string[] {
  const { workflow } = plan;
  const lines = [`${style.bold(workflow.id)}${workflow.version === null ? '' : `  ${sanitizeText(workflow.version)}`}  ${style.dim(workflow.digest)}`];
  const facts = runFacts(plan);
  if (facts.length > 0) lines.push(style.dim(facts.join('; ')));
  const inputs = Object.entries(plan.inputs);
  if (inputs.length > 0) lines.push('', style.bold('Inputs'), ...inputs.map(([name, value]) => `  ${name} = ${short(value)}`));
  lines.push('', style.bold('Order'), ...renderJobGraph(plan.jobs));
  for (const job of plan.jobs) lines.push('', ...jobLines(job, style));
  return lines;
}

function jobLines(job: PlannedJob, style: Style): string[] {
  const facts = [
    `if ${sanitizeText(job.if ?? 'success()')}`,
    `timeout ${formatDuration(job.timeoutMs)}`,
    ...jobFacts(job),
  ];
  return [`  ${style.bold(job.key)}  ${style.dim(facts.join('; '))}`, ...job.steps.flatMap((step, index) => stepLines(step, index, style))];
}

function stepLines(step: PlannedStep, index: number, style: Style): string[] {
  const facts = [
    ...(step.hook === undefined ? [] : [`hook ${step.hook}`]),
    ...(step.phase === undefined ? [] : [`phase ${step.phase}`]),
    ...(step.detach === true ? ['not waited for'] : []),
    ...(step.if === null ? [] : [`if ${sanitizeText(step.if)}`]),
    ...(step.timeoutMs === null ? [] : [`timeout ${formatDuration(step.timeoutMs)}`]),
    ...retryFact(step.retry),
    ...(step.continueOnError ? ['continue on error'] : []),
    ...(step.onInterrupt === 'fail' ? ['fails when interrupted'] : []),
  ];
  const head = `    ${String(index + 1)}. ${step.id}  ${sanitizeText(formatUses(step.uses))}${facts.length === 0 ? '' : `  ${style.dim(facts.join('; '))}`}`;
  return [head, ...Object.entries(step.with).map(([name, value]) => style.dim(`         ${sanitizeText(name)}: ${short(value)}`))];
}

const SHORT = 100;

function short(value: JsonValue): string {
  const text = sanitizeText(JSON.stringify(value));
  return text.length <= SHORT ? text : `${text.slice(0, SHORT - 1)}…`;
}
