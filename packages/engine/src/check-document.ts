import { formatUses, parseUses, type Diagnostic, type Finding, type PluginUses, type Workflow } from '@kb-labs/contracts';
import { checkReferences, readWorkflow, type WorkflowDocument } from '@kb-labs/manifest';
import type { CheckedDocument, CommandLookup, PluginHost, WorkflowSource } from '@kb-labs/ports';
import { checkGraph, checkScripts, resolvePlan } from '@kb-labs/resolver';

import { shapeOf } from './command-shape.js';

export interface DocumentCheck {
  /** Absent when the text is too broken to have one. */
  readonly document?: WorkflowDocument;
  /** Present when nothing forbids to run it. Warnings do not. */
  readonly checked?: CheckedDocument;
  readonly diagnostics: readonly Diagnostic[];
}

/** Everything that can be known to be wrong with a document before a run, with places. */
export async function checkDocument(source: WorkflowSource, deps: { plugins: PluginHost }): Promise<DocumentCheck> {
  const read = readWorkflow(source);
  if (!read.ok) return { diagnostics: read.diagnostics };
  const document = read.value;
  const lookups = await lookUpCommands(document.workflow, deps.plugins);
  const findings = [
    ...checkGraph(document.workflow),
    ...checkScripts(document.workflow),
    ...checkCommands(document.workflow, lookups),
    ...checkReferences(document.workflow, (uses) => {
      const found = lookups.get(formatUses(uses));
      return found?.ok === true ? found.command : undefined;
    }),
  ];
  const diagnostics = [...read.diagnostics, ...findings.map((finding) => document.locate(finding))];
  const ok = diagnostics.every((diagnostic) => diagnostic.severity !== 'error');
  return { document, diagnostics: diagnostics.toSorted(byPlace), ...(ok ? { checked: toChecked(document, lookups) } : {}) };
}

function toChecked({ workflow, digest }: WorkflowDocument, lookups: ReadonlyMap<string, CommandLookup>): CheckedDocument {
  return {
    id: workflow.id,
    manual: workflow.on?.manual ?? true,
    inputs: workflow.inputs ?? {},
    plan: resolvePlan({ workflow, digest, inputs: {}, vars: {} }),
    commands: [...lookups].flatMap(([key, lookup]) => {
      const uses = parseUses(key);
      return uses === undefined ? [] : [{ uses, shape: shapeOf(lookup) }];
    }),
  };
}

async function lookUpCommands(workflow: Workflow, plugins: PluginHost): Promise<ReadonlyMap<string, CommandLookup>> {
  const wanted = new Map<string, PluginUses>();
  for (const job of Object.values(workflow.jobs)) {
    for (const step of job.steps) {
      const uses = step.uses === undefined ? undefined : parseUses(step.uses);
      if (uses !== undefined) wanted.set(formatUses(uses), uses);
    }
  }
  const found = [...wanted].map(async ([key, uses]) => [key, await plugins.resolve(uses)] as const);
  return new Map(await Promise.all(found));
}

function checkCommands(workflow: Workflow, lookups: ReadonlyMap<string, CommandLookup>): Finding[] {
  return Object.entries(workflow.jobs).flatMap(([key, job]) =>
    job.steps.flatMap((step, index): Finding[] => {
      const uses = step.uses === undefined ? undefined : parseUses(step.uses);
      const lookup = uses === undefined ? undefined : lookups.get(formatUses(uses));
      if (lookup === undefined || lookup.ok) return [];
      const { code, message, hint } = lookup;
      return [{ code, message, ...(hint === undefined ? {} : { hint }), path: ['jobs', key, 'steps', index, 'uses'] }];
    }),
  );
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return a.line - b.line || a.column - b.column;
}
