import { formatUses, type JsonObject, type RunError, type RunEvent, type RunId, type RunState, type SessionRunStatus, type StepStatus, type ToolUseView, type Uses } from '@kb-labs/contracts';

import { foldRun } from '../fold-run.js';
import { phasesOf } from '../phase-view.js';
import { artifactsOf, type ScopedArtifact } from './artifacts-of.js';
import { promptsOf, type ScopedPrompt } from './prompts-of.js';
import { sessionRunStatus } from './session-run-status.js';
import { type ScopedTask, tasksOf } from './tasks-of.js';
import { agentOf, sidechainOf, taskIdOf } from './view-ids.js';

/** A run as sessions and flows look at it. Times are ms since the epoch. */
export interface ScopedRun {
  readonly runId: string;
  readonly sessionId: string | null;
  readonly agentId: string | null;
  /** The run that called it. */
  readonly parentRunId: string | null;
  /** Whether its session was made for it, by the run that called it. */
  readonly isSidechain: boolean;
  readonly workflowId: string;
  /** `null`: it waits in the line of its session and is not planned for good yet. */
  readonly workflowDigest: string | null;
  readonly status: SessionRunStatus;
  readonly inputs: JsonObject;
  readonly outputs: JsonObject;
  readonly error: RunError | null;
  readonly metadata: JsonObject;
  /** When it was submitted to its session or called. */
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly tasks: readonly ScopedTask[];
  readonly prompts: readonly ScopedPrompt[];
  /** Those that its steps called, whatever became of the step, in the order of the calls. */
  readonly childRunIds: readonly string[];
  /** What really began. */
  readonly tools: readonly ScopedTool[];
  readonly phases: readonly { readonly id: string; readonly status: StepStatus }[];
  readonly artifacts: readonly ScopedArtifact[];
}

/**
 * A step that really began: a script as `shell`, the command of a plugin by its name. Programs that such a command has started are not in
 * the journal and cannot be judged: a playbook that forbids them denies the command.
 */
export interface ScopedTool extends ToolUseView {
  /** When it began for the first time, in ms since the epoch. */
  readonly at: number;
}

/** A run from its whole journal. Fails as `foldRun` does. */
export function scopedRunOf(runId: RunId, events: readonly RunEvent[]): ScopedRun {
  const state = foldRun(runId, events);
  const { session, parent } = state.trigger;
  const prompts = promptsOf(state, events);
  return {
    runId,
    sessionId: session?.id ?? null,
    agentId: session === undefined ? null : agentOf(session.id),
    parentRunId: state.trigger.type === 'call' ? (parent?.runId ?? null) : null,
    // One that is run again has the session of the run that it repeats, and none of its own.
    isSidechain: session?.spawnedBy !== undefined && session.id === sidechainOf(runId),
    workflowId: state.plan.workflow.id,
    workflowDigest: state.plan.workflow.digest,
    status: sessionRunStatus(state, prompts),
    inputs: state.plan.inputs,
    outputs: state.outputs,
    error: state.error ?? null,
    metadata: session?.metadata ?? {},
    createdAt: session?.submittedAt ?? state.createdAt,
    startedAt: state.startedAt ?? null,
    finishedAt: state.finishedAt ?? null,
    tasks: tasksOf(state),
    prompts,
    childRunIds: childrenOf(events),
    tools: toolsOf(state, events),
    phases: phasesOf(state).phases ?? [],
    artifacts: artifactsOf(state),
  };
}

function childrenOf(events: readonly RunEvent[]): string[] {
  const called = new Set<string>();
  const calling = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'step.started' && event.child !== undefined) {
      called.add(event.child);
      calling.set(`${event.job} ${event.step}`, event.child);
    } else if (event.type === 'step.finished' && event.childRefused === true) called.delete(calling.get(`${event.job} ${event.step}`) ?? '');
  }
  return [...called];
}

function toolsOf(state: RunState, events: readonly RunEvent[]): ScopedTool[] {
  const planned = new Map(state.plan.jobs.map((job) => [job.key, new Map(job.steps.map(({ id, uses }) => [id, toolOfUses(uses)]))]));
  const found = new Map<string, ScopedTool>();
  for (const event of events) {
    if (event.type !== 'step.started') continue;
    const place = `${event.job} ${event.step}`;
    const tool = planned.get(state.jobs.get(event.job)?.combination?.of ?? event.job)?.get(event.step);
    if (tool === undefined || found.has(place)) continue;
    found.set(place, { tool, run_id: state.id, task_id: taskIdOf(state.id, event.job), step: event.step, at: event.at });
  }
  return [...found.values()];
}

/** What the engine does itself, and calls of workflows, are no tools: what they lead to is judged where it happens. */
export function toolOfUses(uses: Uses): string | undefined {
  if (uses.kind === 'builtin') return uses.name === 'run' ? 'shell' : undefined;
  return uses.kind === 'plugin' ? formatUses({ kind: 'plugin', package: uses.package, command: uses.command }) : undefined;
}
