import type { ContractItemView, FlowReasonView, FlowRecord, FlowRule, FlowStatus } from '@kb-labs/contracts';

import type { ScopedPrompt } from './prompts-of.js';
import type { ScopedRun, ScopedTool } from './scoped-run.js';

/** All that the status of a flow is made of. */
export interface FlowFacts {
  readonly record: Pick<FlowRecord, 'runId' | 'cancel'>;
  /** `none`: its run was not submitted yet; `submitted`: it was, and should be there. */
  readonly submission: 'none' | 'submitted';
  /** In scope, the root first. Empty when the root is not there. */
  readonly runs: readonly ScopedRun[];
  readonly missing: readonly ContractItemView[];
  readonly violations: readonly ScopedTool[];
}

export interface Rule {
  readonly rule: FlowRule;
  readonly status: FlowStatus;
  /** What it found. Nothing: it does not hold. `succeeded` always holds. */
  readonly find: (facts: FlowFacts) => readonly string[];
  readonly message: string;
}

/** In the order they are asked: the first that holds decides. What speaks against success is asked before what speaks for it. */
export const RULES: readonly Rule[] = [
  { rule: 'cancelled-before-run', status: 'cancelled', message: 'it was cancelled before its run was submitted', find: ({ submission, record }) => (submission === 'none' && record.cancel !== undefined ? [record.runId] : []) },
  { rule: 'no-run', status: 'pending', message: 'its run is not submitted yet', find: ({ submission, record }) => (submission === 'none' ? [record.runId] : []) },
  { rule: 'root-missing', status: 'unknown', message: 'its root run is not there any more', find: ({ submission, runs, record }) => (submission === 'submitted' && runs.length === 0 ? [record.runId] : []) },
  { rule: 'run-failed', status: 'failed', message: 'runs failed', find: withStatus('failed') },
  { rule: 'task-failed', status: 'failed', message: 'tasks failed', find: tasksWith(({ status }) => status === 'failed') },
  { rule: 'tool-policy', status: 'failed', message: 'tools were used that the playbook does not allow', find: ({ violations }) => [...new Set(violations.map(({ tool }) => tool))] },
  { rule: 'run-cancelled', status: 'cancelled', message: 'runs were cancelled', find: withStatus('cancelled') },
  { rule: 'task-cancelled', status: 'cancelled', message: 'tasks were cancelled', find: tasksWith(({ status, interrupted }) => status === 'cancelled' && !interrupted) },
  { rule: 'waiting', status: 'waiting', message: 'somebody is asked', find: ({ runs }) => pendingPrompts(runs).map(({ id }) => id) },
  { rule: 'running', status: 'running', message: 'work goes on', find: goingOn },
  { rule: 'root-interrupted', status: 'interrupted', message: 'the root run was cut off, and nothing that it called was completed', find: interruptedRoot },
  { rule: 'child-interrupted', status: 'interrupted', message: 'runs that it called were cut off', find: ({ runs }) => idsOf(runs.slice(1).filter(({ status }) => status === 'interrupted')) },
  { rule: 'evidence-missing', status: 'waiting', message: 'evidence that the playbook requires is missing', find: ({ missing }) => missing.map(({ kind, id }) => (id === undefined ? kind : `${kind}:${id}`)) },
  { rule: 'succeeded', status: 'succeeded', message: 'everything was done, and all evidence is there', find: ({ record }) => [record.runId] },
];

/** The status, and all rules that hold: the one that decided first. */
export function judgeFlow(facts: FlowFacts, rules: readonly Rule[] = RULES): { readonly status: FlowStatus; readonly reasons: readonly FlowReasonView[] } {
  const holding = rules.flatMap(({ rule, status, message, find }) => {
    const refs = find(facts);
    return refs.length === 0 ? [] : [{ status, reason: { rule, message, refs } }];
  });
  const [first] = holding;
  if (first === undefined) throw new Error('the last rule always holds');
  // What holds without deciding is of interest; success among failures is not.
  const reasons = holding.filter((one, index) => index === 0 || one.reason.rule !== 'succeeded').map(({ reason }) => reason);
  return { status: first.status, reasons };
}

const SETTLED: ReadonlySet<FlowStatus> = new Set(['succeeded', 'failed', 'cancelled']);

export function isSettled(status: FlowStatus): boolean {
  return SETTLED.has(status);
}

function pendingPrompts(runs: readonly ScopedRun[]): ScopedPrompt[] {
  return runs.flatMap(({ prompts }) => prompts.filter(({ status }) => status === 'pending'));
}

function withStatus(status: ScopedRun['status']): Rule['find'] {
  return ({ runs }) => idsOf(runs.filter((run) => run.status === status));
}

function tasksWith(fits: (task: ScopedRun['tasks'][number]) => boolean): Rule['find'] {
  return ({ runs }) => runs.flatMap(({ tasks }) => tasks.filter(fits).map(({ taskId }) => taskId));
}

/** A run that waits for somebody counts as waiting alone; its other tasks still go on. */
function goingOn({ runs }: FlowFacts): string[] {
  const open = runs.filter(({ status }) => status === 'queued' || status === 'running');
  const tasks = runs.flatMap((run) => (open.includes(run) ? [] : run.tasks.filter(({ status }) => status === 'pending' || status === 'in_progress').map(({ taskId }) => taskId)));
  return [...idsOf(open), ...tasks];
}

function interruptedRoot({ runs }: FlowFacts): string[] {
  const [root, ...children] = runs;
  return root?.status === 'interrupted' && !children.some(({ status }) => status === 'completed') ? [root.runId] : [];
}

function idsOf(runs: readonly ScopedRun[]): string[] {
  return runs.map(({ runId }) => runId);
}
