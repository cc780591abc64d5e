import { formatUses, type JsonObject, type RunError, type RunEvent, type RunId, type RunState, type SessionRunStatus, type StepStatus, type ToolUseView } from '@kb-labs/contracts';

import { foldRun } from '../fold-run.js';
import { phasesOf } from '../phase-view.js';
import { artifactsOf, type ScopedArtifact } from './artifacts-of.js';
import { promptsOf, type ScopedPrompt } from './prompts-of.js';
import { sessionRunStatus } from './session-run-status.js';
import { type ScopedTask, tasksOf } from './tasks-of.js';
import { agentOf, taskIdOf } from './view-ids.js';

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
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly tasks: readonly ScopedTask[];
  readonly prompts: readonly ScopedPrompt[];
  /** Those that its steps called, whatever became of the step, in the order of the calls. */
  readonly childRunIds: readonly string[];
  /** What really began: scripts as `shell`, commands of plugins by name. */
  readonly tools: readonly ToolUseView[];
  readonly phases: readonly { readonly id: string; readonly status: StepStatus }[];
  readonly artifacts: readonly ScopedArtifact[];
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
    isSidechain: session?.spawnedBy !== undefined,
    workflowId: state.plan.workflow.id,
    workflowDigest: state.plan.workflow.digest,
    status: sessionRunStatus(state, prompts),
    inputs: state.plan.inputs,
    outputs: state.outputs,
    error: state.error ?? null,
    metadata: session?.metadata ?? {},
    createdAt: state.createdAt,
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
  const called = events.flatMap((event) => (event.type === 'step.started' && event.child !== undefined ? [event.child] : []));
  const refused = new Set(events.flatMap((event) => (event.type === 'step.finished' && event.childRefused === true ? [`${event.job}.${event.attempt}.${event.step}.${event.stepAttempt}`] : [])));
  const refusedRuns = new Set(
    events.flatMap((event) => (event.type === 'step.started' && event.child !== undefined && refused.has(`${event.job}.${event.attempt}.${event.step}.${event.stepAttempt}`) ? [event.child] : [])),
  );
  return [...new Set(called)].filter((child) => !refusedRuns.has(child));
}

function toolsOf(state: RunState, events: readonly RunEvent[]): ToolUseView[] {
  const found = new Map<string, ToolUseView>();
  for (const event of events) {
    if (event.type !== 'step.started') continue;
    const tool = toolOf(state, event.job, event.step);
    if (tool === undefined) continue;
    const use = { tool, run_id: state.id, task_id: taskIdOf(state.id, event.job), step: event.step };
    found.set(`${event.job} ${event.step}`, use);
  }
  return [...found.values()];
}

/** What the engine does itself, and calls of workflows, are no tools: what they lead to is judged where it happens. */
function toolOf(state: RunState, jobKey: string, step: string): string | undefined {
  const planned = state.plan.jobs.find(({ key }) => key === (state.jobs.get(jobKey)?.combination?.of ?? jobKey))?.steps.find(({ id }) => id === step);
  if (planned === undefined) return undefined;
  const { uses } = planned;
  if (uses.kind === 'builtin') return uses.name === 'run' ? 'shell' : undefined;
  return uses.kind === 'plugin' ? formatUses({ kind: 'plugin', package: uses.package, command: uses.command }) : undefined;
}
