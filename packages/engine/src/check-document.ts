import { formatUses, HOOKS, parseUses, type Diagnostic, type DocumentPath, type Finding, type PluginUses, type Step, type Uses, type Workflow } from '@kb-labs/contracts';
import { messageOf } from '@kb-labs/errors';
import { checkReferences, readWorkflow, workflowShape, type CommandShape, type WorkflowDocument } from '@kb-labs/manifest';
import type { CheckedDocument, CommandLookup, PluginHost, WorkflowSource } from '@kb-labs/ports';
import { checkGraph, checkScripts, resolvePlan } from '@kb-labs/resolver';

import { shapeOf } from './command-shape.js';
import type { EngineDeps } from './deps.js';

export interface DocumentCheck {
  /** Absent when the text is too broken to have one. */
  readonly document?: WorkflowDocument;
  /** Present when nothing forbids to run it. Warnings do not. */
  readonly checked?: CheckedDocument;
  readonly diagnostics: readonly Diagnostic[];
}

/** Everything that can be known to be wrong with a document before a run, with places. */
export async function checkDocument(source: WorkflowSource, deps: CheckDeps): Promise<DocumentCheck> {
  const read = readWorkflow(source, { matrixLimit: deps.limits.matrixCombinations });
  if (!read.ok) return { diagnostics: read.diagnostics };
  const document = read.value;
  const uses = usesOf(document.workflow);
  const lookups = await lookUpCommands(uses, deps.plugins);
  const calls = await lookUpCalls(uses, deps);
  const findings = [
    ...checkGraph(document.workflow),
    ...checkScripts(document.workflow),
    ...checkCommands(uses, lookups),
    ...checkCalls(uses, calls),
    ...checkReferences(document.workflow, (wanted) => {
      if (wanted.kind === 'workflow') return calls.get(wanted.id)?.shape;
      const found = lookups.get(formatUses(wanted));
      return found?.ok === true ? found.command : undefined;
    }),
  ];
  const diagnostics = [...read.diagnostics, ...findings.map((finding) => document.locate(finding))];
  const ok = diagnostics.every((diagnostic) => diagnostic.severity !== 'error');
  return { document, diagnostics: diagnostics.toSorted(byPlace), ...(ok ? { checked: toChecked(document, lookups, calls) } : {}) };
}

export type CheckDeps = Pick<EngineDeps, 'plugins' | 'workflows' | 'limits'>;

function toChecked({ workflow, digest }: WorkflowDocument, lookups: ReadonlyMap<string, CommandLookup>, called: ReadonlyMap<string, CalledWorkflow>): CheckedDocument {
  const calls = new Map([...called].map(([id, one]) => [id, one.digest]));
  const listens = workflow.on?.workflow;
  return {
    id: workflow.id,
    manual: workflow.on?.manual ?? true,
    inputs: workflow.inputs ?? {},
    plan: resolvePlan({ workflow, digest, inputs: {}, vars: {}, calls }),
    commands: [...lookups].flatMap(([key, lookup]) => {
      const uses = parseUses(key);
      return uses?.kind === 'plugin' ? [{ uses, shape: shapeOf(lookup) }] : [];
    }),
    calls: [...calls].map(([id, called]) => ({ id, digest: called })),
    ...(listens === undefined ? {} : { listens: { ids: listens.ids, on: listens.on ?? ['success'] } }),
  };
}

interface UsedAt {
  readonly uses: Uses;
  readonly path: DocumentPath;
}

function usesOf(workflow: Workflow): UsedAt[] {
  return Object.entries(workflow.jobs).flatMap(([key, job]) => [
    ...usesIn(job.steps, ['jobs', key, 'steps']),
    ...HOOKS.flatMap((hook) => usesIn(job.hooks?.[hook] ?? [], ['jobs', key, 'hooks', hook])),
  ]);
}

function usesIn(steps: readonly Step[], path: DocumentPath): UsedAt[] {
  return steps.flatMap((step, index) => {
    const uses = step.uses === undefined ? undefined : parseUses(step.uses);
    return uses === undefined ? [] : [{ uses, path: [...path, index, 'uses'] }];
  });
}

async function lookUpCommands(used: readonly UsedAt[], plugins: PluginHost): Promise<ReadonlyMap<string, CommandLookup>> {
  const wanted = new Map<string, PluginUses>();
  for (const { uses } of used) if (uses.kind === 'plugin') wanted.set(formatUses(uses), uses);
  const found = [...wanted].map(async ([key, uses]) => [key, await plugins.resolve(uses)] as const);
  return new Map(await Promise.all(found));
}

function checkCommands(used: readonly UsedAt[], lookups: ReadonlyMap<string, CommandLookup>): Finding[] {
  return used.flatMap(({ uses, path }): Finding[] => {
    const lookup = uses.kind === 'plugin' ? lookups.get(formatUses(uses)) : undefined;
    if (lookup === undefined || lookup.ok) return [];
    const { code, message, hint } = lookup;
    return [{ code, message, ...(hint === undefined ? {} : { hint }), path }];
  });
}

interface CalledWorkflow {
  readonly digest: string;
  readonly shape: CommandShape;
}

/** The called workflows that can be read. What is wrong inside them is said when they are checked themselves. */
async function lookUpCalls(used: readonly UsedAt[], { workflows, limits }: CheckDeps): Promise<ReadonlyMap<string, CalledWorkflow>> {
  const ids = new Set(used.flatMap(({ uses }) => (uses.kind === 'workflow' ? [uses.id] : [])));
  const called = new Map<string, CalledWorkflow>();
  for (const id of ids) {
    for (const source of await workflows.candidates(id)) {
      const read = readWorkflow(source, { matrixLimit: limits.matrixCombinations });
      if (!read.ok || read.value.workflow.id !== id) continue;
      called.set(id, { digest: read.value.digest, shape: workflowShape(read.value.workflow) });
    }
  }
  return called;
}

function checkCalls(used: readonly UsedAt[], calls: ReadonlyMap<string, CalledWorkflow>): Finding[] {
  return used.flatMap(({ uses, path }): Finding[] => {
    if (uses.kind !== 'workflow' || calls.has(uses.id)) return [];
    return [{ code: 'WORKFLOW_NOT_FOUND', message: messageOf('WORKFLOW_NOT_FOUND', { id: uses.id }), hint: '"kb workflow:list" shows the workflows that can be called', path }];
  });
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return a.line - b.line || a.column - b.column;
}
