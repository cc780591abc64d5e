import { formatUses, type RunPlan, type WorkflowInput } from '@kb-labs/contracts';
import type { WorkflowOutline } from '@kb-labs/engine';

import type { CommandHandler } from '../command-context.js';
import { jobFacts, runFacts } from '../render/job-facts.js';
import { renderJobGraph } from '../render/job-graph.js';
import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';

export const execute: CommandHandler<'workflow:show'> = async (context, args) => {
  const library = await context.library();
  const entry = await library.show(args['workflow-id']);
  if (context.json) {
    context.terminal.printJson(entry);
    return undefined;
  }
  context.terminal.print(renderWorkflow(entry, await library.planOf(entry), context.terminal.style));
  return undefined;
};

/** Without a plan, of a document with errors, only what was read. */
function renderWorkflow(entry: WorkflowOutline, plan: RunPlan | undefined, style: Style): string[] {
  const title = [style.bold(entry.id), ...(entry.version === null ? [] : [sanitizeText(entry.version)]), ...(entry.name === entry.id ? [] : [sanitizeText(entry.name)])];
  const lines = [title.join('  '), style.dim(`${sanitizeText(entry.file)}  ${entry.digest}`)];
  if (!entry.valid) lines.push(style.red('✗ has errors: "kb workflow:validate" shows them'));
  const facts = plan === undefined ? [] : runFacts(plan);
  if (facts.length > 0) lines.push(style.dim(facts.join('; ')));
  if (entry.description !== null) lines.push('', ...entry.description.trim().split('\n').map(sanitizeText));
  const inputs = Object.entries(entry.inputs);
  if (inputs.length > 0) lines.push('', style.bold('Inputs'), ...inputs.map(([name, input]) => inputLine(name, input, style)));
  lines.push('', style.bold('Jobs'), ...renderJobGraph(entry.jobs));
  for (const job of entry.jobs) {
    const planned = plan?.jobs.find(({ key }) => key === job.key);
    const about = planned === undefined ? [] : jobFacts(planned);
    lines.push('', `  ${style.bold(job.key)}${job.name === job.key ? '' : `  ${sanitizeText(job.name)}`}${about.length === 0 ? '' : `  ${style.dim(about.join('; '))}`}`);
    lines.push(...job.steps.map((step) => stepLine(step, undefined, style)));
    const hooks = planned?.steps.filter(({ hook }) => hook !== undefined) ?? [];
    lines.push(...hooks.map((step) => stepLine({ id: step.id, name: step.name, uses: step.uses.kind === 'builtin' && step.uses.name === 'run' ? 'run' : formatUses(step.uses) }, step.hook, style)));
  }
  return lines;
}

function stepLine(step: WorkflowOutline['jobs'][number]['steps'][number], hook: string | undefined, style: Style): string {
  const name = step.name === step.id || step.name === step.uses ? '' : `  ${sanitizeText(step.name)}`;
  return `    ${step.id}  ${style.dim(sanitizeText(step.uses))}${name}${hook === undefined ? '' : `  ${style.dim(`hook ${hook}`)}`}`;
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
