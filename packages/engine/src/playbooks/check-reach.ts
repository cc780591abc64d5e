import type { Diagnostic, Finding, JsonValue, PlaybookManifest, Workflow } from '@kb-labs/contracts';
import { AppError, messageOf } from '@kb-labs/errors';
import { isToolAllowed, toolOfUses } from '@kb-labs/projector';
import type { CheckedDocument, Secrets } from '@kb-labs/ports';

import type { EngineDeps } from '../deps.js';
import type { FindWorkflowDeps } from '../find-workflow.js';
import { reachedWorkflows } from './reach.js';

type CheckDeps = FindWorkflowDeps & Pick<EngineDeps, 'secrets'>;

/** What would go wrong with flows of a playbook, judged by the workflow that it names and all that this one can call, as they are here. */
export async function checkReach(deps: CheckDeps, manifest: PlaybookManifest): Promise<Finding[]> {
  return [...(await checkWorkflow(deps, manifest)), ...(await checkScopes(deps, manifest))];
}

const AT_WORKFLOW = ['runtime_defaults', 'workflow_id'];

async function checkWorkflow(deps: CheckDeps, manifest: PlaybookManifest): Promise<Finding[]> {
  const workflowId = manifest.runtime_defaults?.workflow_id;
  // Whoever starts a flow names one then.
  if (workflowId === undefined) return [];
  let documents: readonly CheckedDocument[];
  try {
    documents = await reachedWorkflows(deps, workflowId);
  } catch (thrown) {
    return [toFinding(thrown, AT_WORKFLOW)];
  }
  const [root] = documents;
  if (root === undefined) return [];
  return [
    ...(root.manual ? [] : [toFinding(new AppError('WORKFLOW_NOT_MANUAL', { id: root.id }), AT_WORKFLOW)]),
    ...checkInputs(manifest, root),
    ...checkTools(manifest, documents),
    ...checkPhases(manifest, documents),
    ...checkImages(documents),
  ];
}

function toFinding(thrown: unknown, path: Finding['path']): Finding {
  if (!(thrown instanceof AppError)) throw thrown;
  const { code, message, details } = thrown;
  const hint = firstProblem(details['diagnostics']) ?? thrown.hint;
  return { code, message, path, ...(hint === undefined ? {} : { hint }) };
}

/** Of a workflow that does not fit. */
function firstProblem(diagnostics: JsonValue | undefined): string | undefined {
  const [first] = (Array.isArray(diagnostics) ? diagnostics : []) as unknown as readonly Diagnostic[];
  return first === undefined ? undefined : `${first.file}:${String(first.line)}:${String(first.column)}: ${first.message}`;
}

function* checkInputs({ inputs = [] }: PlaybookManifest, { id, inputs: taken }: CheckedDocument): Generator<Finding> {
  for (const [index, { name, required }] of inputs.entries()) {
    if (Object.hasOwn(taken, name)) continue;
    yield problem(['inputs', index, 'name'], `the workflow ${id} takes no input "${name}", and refuses to be started with one`, required === true ? 'error' : 'warning');
  }
  for (const [name, input] of Object.entries(taken)) {
    const index = inputs.findIndex((one) => one.name === name);
    const asked = inputs[index];
    if (asked === undefined && isNeeded(input)) yield problem(inputs.length === 0 ? AT_WORKFLOW : ['inputs'], `the workflow ${id} requires the input "${name}", which the playbook does not name`, 'error');
    if (asked !== undefined && asked.required !== true && isNeeded(input)) yield problem(['inputs', index, 'name'], `the workflow ${id} requires the input "${name}", and the playbook does not`, 'warning');
  }
}

function isNeeded({ required, default: usual }: NonNullable<Workflow['inputs']>[string]): boolean {
  return required === true && usual === undefined;
}

/** What is not enforced is advice. */
function* checkTools({ tools }: PlaybookManifest, documents: readonly CheckedDocument[]): Generator<Finding> {
  if (tools?.enforce !== true) return;
  const told = new Set<string>();
  for (const { id, plan } of documents) {
    for (const job of plan.jobs) {
      for (const step of job.steps) {
        const tool = toolOfUses(step.uses);
        if (tool === undefined || told.has(`${id} ${tool}`) || isToolAllowed(tools, tool)) continue;
        told.add(`${id} ${tool}`);
        const list = isToolAllowed({ ...(tools.allow === undefined ? {} : { allow: tools.allow }) }, tool) ? 'deny' : 'allow';
        yield problem(['tools', list], `the step ${step.id} of the job ${job.key} of ${id} uses ${tool}, which ${list === 'deny' ? 'is denied' : 'is not allowed'}: a flow that comes to it fails`, 'error');
      }
    }
  }
}

/** A phase with evidence is over when that is there, whether or not a step names it. */
function* checkPhases({ phases = [] }: PlaybookManifest, documents: readonly CheckedDocument[]): Generator<Finding> {
  const named = new Set(documents.flatMap(({ plan }) => plan.jobs.flatMap((job) => job.steps.flatMap(({ phase }) => phase ?? []))));
  for (const [index, { phase_id, required_evidence = [] }] of phases.entries()) {
    if (named.has(phase_id) || required_evidence.length > 0) continue;
    yield problem(['phases', index, 'phase_id'], `no step names the phase "${phase_id}", and it requires no evidence: it stays pending`, 'warning');
  }
}

function* checkImages(documents: readonly CheckedDocument[]): Generator<Finding> {
  for (const { id, plan } of documents) {
    const step = plan.jobs.flatMap((job) => job.steps).find(({ target }) => target?.image?.includes('${{') === true);
    if (step === undefined) continue;
    yield problem(AT_WORKFLOW, `the image of the step ${step.id} of ${id} is computed, and cannot be held to what it was when a flow started: the flow fails unless the name has a digest, as in node@sha256:…`, 'warning');
  }
}

/** Another machine may have what is not here. */
async function checkScopes({ secrets, plugins }: CheckDeps, { scopes = {} }: PlaybookManifest): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const [index, scope] of (scopes.required_credential_scope ?? []).entries()) {
    const name = scope.slice('secret:'.length);
    const problem = secrets === undefined ? undefined : await missingSecret(secrets, name);
    if (problem !== undefined) found.push({ ...toFinding(problem, ['scopes', 'required_credential_scope', index]), severity: 'warning' });
  }
  const needed = (scopes.required_capability_scope ?? []).map((scope) => /^plugin:(.*)$/.exec(scope)?.[1]);
  if (needed.every((name) => name === undefined)) return found;
  const installed = new Set((await plugins.list()).map(({ id }) => id));
  for (const [index, plugin] of needed.entries()) {
    if (plugin === undefined || installed.has(plugin)) continue;
    found.push({ code: 'UNKNOWN_PLUGIN', severity: 'warning', message: messageOf('UNKNOWN_PLUGIN', { plugin }), path: ['scopes', 'required_capability_scope', index] });
  }
  return found;
}

async function missingSecret(secrets: Secrets, name: string): Promise<AppError | undefined> {
  try {
    return (await secrets.get(name)) === undefined ? new AppError('SECRET_MISSING', { name, where: secrets.whereOf(name) }) : undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function problem(path: Finding['path'], text: string, severity: 'error' | 'warning'): Finding {
  return { code: 'INVALID_VALUE', severity, message: messageOf('INVALID_VALUE', { problem: text }), path };
}
