import type { Diagnostic, Workflow } from '@kb-labs/contracts';
import type { WorkflowSource } from '@kb-labs/ports';

import type { CheckDeps } from './check-document.js';

/** A workflow that something outside of runs can start. */
export interface FoundListener {
  readonly id: string;
  readonly file: string;
  readonly on: NonNullable<Workflow['on']>;
  /** Why it cannot run as it is. */
  readonly problem?: ListenerProblem;
}

export interface ListenerProblem {
  readonly code: string;
  readonly message: string;
}

export interface FoundListeners {
  readonly listeners: readonly FoundListener[];
  /** Documents too broken to say what they listen to, by file. */
  readonly unreadable: ReadonlyMap<string, ListenerProblem>;
}

/** The workflows that listen to pushes, times or deliveries. What was found right and has not changed is not read again. */
export async function findListeners(deps: CheckDeps): Promise<FoundListeners> {
  const known = looksOf(deps.workflows);
  const sources = (await deps.workflows.list()).filter(({ text }) => mayListen(text));
  const looks = await Promise.all(sources.map(async (source) => [source.file, await lookAt(deps, source, known.get(source.file))] as const));
  known.clear();
  for (const [file, look] of looks) known.set(file, look);
  return {
    listeners: looks.flatMap(([, { listener }]) => listener ?? []),
    unreadable: new Map(looks.flatMap(([file, { unreadable }]) => (unreadable === undefined ? [] : [[file, unreadable]]))),
  };
}

/** Whether a push starts any of them. */
export async function hasPushListeners(deps: CheckDeps): Promise<boolean> {
  return (await findListeners(deps)).listeners.some(({ on }) => on.push !== undefined);
}

interface Look {
  readonly text: string;
  readonly listener?: FoundListener;
  readonly unreadable?: ListenerProblem;
}

const known = new WeakMap<CheckDeps['workflows'], Map<string, Look>>();

function looksOf(workflows: CheckDeps['workflows']): Map<string, Look> {
  const found = known.get(workflows) ?? new Map<string, Look>();
  known.set(workflows, found);
  return found;
}

/** Words that no document without such triggers has to have; escapes can spell them without showing them. */
function mayListen(text: string): boolean {
  return /\b(?:push|schedule|webhook)\b/.test(text) || text.includes('\\');
}

async function lookAt(deps: CheckDeps, source: WorkflowSource, before: Look | undefined): Promise<Look> {
  // What is wrong can be mended without touching the document: a command that it uses is installed, for instance.
  if (before?.text === source.text && before.unreadable === undefined && before.listener?.problem === undefined) return before;
  const { checkDocument } = await import('./check-document.js');
  const { document, checked, diagnostics } = await checkDocument(source, deps);
  const { text, file } = source;
  const problem = checked === undefined ? problemOf(diagnostics) : undefined;
  if (document === undefined) return { text, unreadable: problem ?? { code: 'WORKFLOW_INVALID', message: 'it cannot be read' } };
  const { id, on } = document.workflow;
  if (on?.push === undefined && on?.schedule === undefined && on?.webhook === undefined) return { text };
  return { text, listener: { id, file, on, ...(problem === undefined ? {} : { problem }) } };
}

function problemOf(diagnostics: readonly Diagnostic[]): ListenerProblem | undefined {
  const first = diagnostics.find(({ severity }) => severity === 'error');
  return first === undefined ? undefined : { code: first.code, message: `${first.file}:${String(first.line)}:${String(first.column)} ${first.message}` };
}
