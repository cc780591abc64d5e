import type { WorkflowInput } from '@kb-labs/contracts';
import { showWorkflow, type WorkflowEntry } from '@kb-labs/engine';

import type { CommandHandler } from '../command-context.js';
import { renderJobGraph } from '../render/job-graph.js';
import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';

export const execute: CommandHandler<'workflow:show'> = async (context, args) => {
  const { deps } = await context.offline();
  const entry = await showWorkflow(deps, args['workflow-id']);
  if (context.json) context.terminal.printJson(entry);
  else context.terminal.print(renderWorkflow(entry, context.terminal.style));
  return undefined;
};

export function renderWorkflow(entry: WorkflowEntry, style: Style): string[] {
  const title = [style.bold(entry.id), ...(entry.version === null ? [] : [sanitizeText(entry.version)]), ...(entry.name === entry.id ? [] : [sanitizeText(entry.name)])];
  const lines = [title.join('  '), style.dim(`${sanitizeText(entry.file)}  ${entry.digest}`)];
  if (!entry.valid) lines.push(style.red('✗ has errors: "kb workflow:validate" shows them'));
  if (entry.description !== null) lines.push('', ...entry.description.trim().split('\n').map(sanitizeText));
  const inputs = Object.entries(entry.inputs);
  if (inputs.length > 0) lines.push('', style.bold('Inputs'), ...inputs.map(([name, input]) => inputLine(name, input, style)));
  lines.push('', style.bold('Jobs'), ...renderJobGraph(entry.jobs));
  for (const job of entry.jobs) {
    lines.push('', `  ${style.bold(job.key)}${job.name === job.key ? '' : `  ${sanitizeText(job.name)}`}`);
    lines.push(...job.steps.map((step) => `    ${step.id}  ${style.dim(sanitizeText(step.uses))}${step.name === step.id || step.name === step.uses ? '' : `  ${sanitizeText(step.name)}`}`));
  }
  return lines;
}

function inputLine(name: string, input: WorkflowInput, style: Style): string {
  const type = input.type === 'choice' ? `one of ${input.options.map(sanitizeText).join(', ')}` : input.type;
  const notes = [
    ...(input.required === true ? ['required'] : []),
    ...(input.default === undefined ? [] : [`default ${sanitizeText(JSON.stringify(input.default))}`]),
  ];
  const about = input.description === undefined ? '' : `  ${sanitizeText(input.description)}`;
  return `  ${name}  ${style.dim([type, ...notes].join('; '))}${about}`;
}
