import {
  type Hook,
  HOOKS,
  isJsonObject,
  type Job,
  parseUses,
  type Permissions,
  type PlannedStep,
  type Shell,
  type Step,
  type Uses,
  type Workflow,
} from '@kb-labs/contracts';
import { hasExpression } from '@kb-labs/expressions';

import { planTarget } from './plan-target.js';
import { rewriteScript } from './script/rewrite-script.js';
import { listed, present, toCondition, toMs, toRetryPolicy, toTemplates } from './written-values.js';

/** A step as written, with its place in the document. */
interface WrittenStep {
  readonly step: Step;
  /** Absent: one of the job's own. */
  readonly hook?: Hook;
  /** Within the job's own steps or those of its hook, from 0. */
  readonly index: number;
  /** What the id is when none is written. */
  readonly defaultId: string;
}

const [PRE, ...LATER_HOOKS] = HOOKS;

/** All steps of a job, those of hooks among them, in the order they run: `undefined` stands for the job's own. */
export function writtenSteps(job: Job): WrittenStep[] {
  return [PRE, undefined, ...LATER_HOOKS].flatMap((hook) => {
    const steps = hook === undefined ? job.steps : (job.hooks?.[hook] ?? []);
    return steps.map((step, index) => ({ step, index, defaultId: `${hook ?? 'step'}-${index + 1}`, ...present({ hook }) }));
  });
}

export function planStep(
  written: WrittenStep,
  at: { workflow: Workflow; job: Job; permissions: Permissions; calls: ReadonlyMap<string, string> | undefined; secrets: readonly string[] | undefined },
): PlannedStep {
  const { step, hook } = written;
  const action = planAction(step, at);
  return {
    id: step.id ?? written.defaultId,
    name: step.name ?? step.id ?? action.name,
    uses: action.uses,
    with: action.with,
    if: toCondition(step.if),
    env: { ...toTemplates(step.env), ...action.env },
    timeoutMs: toMs(step.timeout) ?? null,
    retry: toRetryPolicy(step.retry ?? at.workflow.defaults?.retry),
    continueOnError: step['continue-on-error'] ?? false,
    onInterrupt: step['on-interrupt'] ?? 'retry',
    outputs: step.outputs ?? {},
    artifacts: step.artifacts ?? {},
    permissions: at.permissions,
    ...present({
      secrets: runsCode(action.uses) ? listed(step.secrets ?? at.secrets) : undefined,
      hook,
      phase: step.phase,
      detach: step.wait === false ? (true as const) : undefined,
      target: planTarget(action.uses, [step['execution-target'], at.job['execution-target'], at.workflow.defaults?.['execution-target']]),
    }),
  };
}

/** What the engine does by itself is given no secrets: it would keep them with the run. */
function runsCode(uses: Uses): boolean {
  return uses.kind === 'plugin' || (uses.kind === 'builtin' && uses.name === 'run');
}

type PlannedAction = Pick<PlannedStep, 'uses' | 'with' | 'env' | 'name'>;

/** A script becomes a call of the built-in handler, so that the engine knows one kind of step. */
function planAction(step: Step, at: { workflow: Workflow; calls: ReadonlyMap<string, string> | undefined }): PlannedAction {
  if (step.run === undefined) {
    const parsed = parseUses(step.uses ?? '');
    if (parsed === undefined) throw new Error(`an unchecked document: uses ${String(step.uses)}`);
    const uses = parsed.kind === 'workflow' ? { ...parsed, ...present({ digest: at.calls?.get(parsed.id) }) } : parsed;
    return { uses, with: step.with ?? {}, env: {}, name: nameOf(uses, step.with) };
  }
  const defaults = at.workflow.defaults?.run;
  const shell: Shell = step.shell ?? defaults?.shell ?? 'bash';
  const folder = step['working-directory'] ?? defaults?.['working-directory'];
  const rewrite = rewriteScript(step.run, shell);
  if (!rewrite.ok) throw new Error(`an unchecked document: ${rewrite.problems[0]?.message ?? 'script'}`);
  return {
    uses: { kind: 'builtin', name: 'run' },
    with: { script: rewrite.script, shell, ...(folder === undefined ? {} : { workingDirectory: folder }) },
    env: Object.fromEntries(Object.entries(rewrite.bindings).map(([name, source]) => [name, `\${{ ${source} }}`])),
    name: firstLine(step.run),
  };
}

function nameOf(uses: Uses, input: Step['with']): string {
  switch (uses.kind) {
    case 'plugin':
      return uses.command;
    case 'workflow':
      return uses.id;
    case 'builtin': {
      const title = uses.name === 'approval' && isJsonObject(input) ? input['title'] : undefined;
      return typeof title === 'string' && title !== '' && !hasExpression(title) ? title : uses.name;
    }
  }
}

function firstLine(script: string): string {
  const line = script.split('\n', 1)[0]?.trim() ?? '';
  return line.length > 60 ? `${line.slice(0, 57)}…` : line || 'script';
}
