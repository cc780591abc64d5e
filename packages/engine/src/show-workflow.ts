import type { Diagnostic, PushFilter, Schedule, TerminalRunStatus, WebhookSource, Workflow } from '@kb-labs/contracts';
import { AppError, suggestName } from '@kb-labs/errors';
import { DEFAULT_TIME_ZONE, nextInstants } from '@kb-labs/triggers';

import type { EngineDeps } from './deps.js';
import type { FindWorkflowDeps } from './find-workflow.js';
import { formatOf } from './run-documents.js';
import { checkProject, type WorkflowOutline } from './validate-workflows.js';

/** A workflow with its document and what starts it. Times are ISO 8601 in UTC. */
export interface WorkflowDetail extends WorkflowOutline {
  readonly source: { readonly text: string; readonly format: 'yaml' | 'json' };
  readonly triggers: WorkflowTriggers;
  /** In the order they are written. */
  readonly phases: readonly { readonly id: string; readonly label: string }[];
  /** Of its document. */
  readonly diagnostics: readonly Diagnostic[];
}

/** What `on:` says, with everything filled in that it leaves out. */
interface WorkflowTriggers {
  readonly manual: boolean;
  readonly push: PushView | null;
  readonly schedules: readonly ScheduleEntryView[];
  /** `events` is `null` where all are meant. */
  readonly webhooks: readonly { readonly source: WebhookSource; readonly events: readonly string[] | null }[];
  /** The workflows whose end starts this one, and how they have to end for it. */
  readonly workflows: readonly { readonly id: string; readonly on: readonly TerminalRunStatus[] }[];
}

/** `null` where nothing is said. */
interface PushView {
  readonly branches: readonly string[] | null;
  readonly branchesIgnore: readonly string[] | null;
  readonly tags: readonly string[] | null;
  readonly tagsIgnore: readonly string[] | null;
  readonly paths: readonly string[] | null;
  readonly pathsIgnore: readonly string[] | null;
}

interface ScheduleEntryView {
  readonly cron: string;
  readonly timezone: string;
  readonly catchup: NonNullable<Schedule['catchup']>;
  readonly overlap: NonNullable<Schedule['overlap']>;
  /** The next five times, fewer when there are no more. */
  readonly next: readonly string[];
}

export type ShowWorkflowDeps = FindWorkflowDeps & Pick<EngineDeps, 'secrets' | 'clock'>;

const NEXT_TIMES = 5;

/** One workflow for people: what starts it, what it takes and what it does. Fails with `WORKFLOW_NOT_FOUND`. */
export async function showWorkflow(deps: ShowWorkflowDeps, id: string): Promise<WorkflowDetail> {
  const { documents, diagnostics } = await checkProject(deps);
  const found = documents.find(({ outline }) => outline.id === id);
  if (found === undefined) throw notFound(id, documents.map(({ outline }) => outline.id), diagnostics);
  const { outline, workflow, source } = found;
  return {
    ...outline,
    source: { text: source.text, format: formatOf(source.file) },
    triggers: triggersOf(deps, workflow.on),
    phases: Object.entries(workflow.phases ?? {}).map(([key, phase]) => ({ id: key, label: phase.label ?? key })),
    diagnostics: diagnostics.filter(({ file }) => file === outline.file),
  };
}

function notFound(id: string, ids: readonly string[], diagnostics: readonly Diagnostic[]): AppError {
  const broken = new Set(diagnostics.flatMap(({ file, severity }) => (severity === 'error' ? [file] : [])));
  const hints = [suggestName(id, ids), broken.size === 0 ? undefined : `there are errors in ${[...broken].join(', ')}`].filter((one) => one !== undefined);
  return new AppError('WORKFLOW_NOT_FOUND', { id }, hints.length === 0 ? {} : { hint: hints.join('; ') });
}

function triggersOf({ clock }: Pick<EngineDeps, 'clock'>, on: Workflow['on'] = {}): WorkflowTriggers {
  const { webhook = [], workflow } = on;
  return {
    manual: on.manual ?? true,
    push: on.push === undefined ? null : toPush(on.push),
    schedules: toSchedules(on.schedule ?? [], clock.now()),
    webhooks: [webhook].flat().map(({ source, events }) => ({ source, events: events ?? null })),
    workflows: (workflow?.ids ?? []).map((id) => ({ id, on: workflow?.on ?? ['success'] })),
  };
}

function toPush(push: PushFilter): PushView {
  return {
    branches: push.branches ?? null,
    branchesIgnore: push['branches-ignore'] ?? null,
    tags: push.tags ?? null,
    tagsIgnore: push['tags-ignore'] ?? null,
    paths: push.paths ?? null,
    pathsIgnore: push['paths-ignore'] ?? null,
  };
}

function toSchedules(schedules: readonly Schedule[], now: number): ScheduleEntryView[] {
  return schedules.map(({ cron, timezone = DEFAULT_TIME_ZONE, catchup = 'last', overlap = 'skip' }) => {
    const next = nextInstants({ cron, timezone }, now, NEXT_TIMES).map((at) => new Date(at).toISOString());
    return { cron, timezone, catchup, overlap, next };
  });
}
