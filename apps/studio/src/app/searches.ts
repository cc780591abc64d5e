import { RUN_STATUSES, type RunStatus } from '@kb-labs/contracts';

const TRIGGERS = ['manual', 'push', 'schedule', 'webhook', 'call', 'workflow'] as const;
type TriggerType = (typeof TRIGGERS)[number];

/** The filters of the list of runs, as the address of the page has them. */
export interface RunsSearch {
  readonly workflowId?: string;
  readonly status?: RunStatus;
  readonly trigger?: TriggerType;
  readonly branch?: string;
  readonly actor?: string;
  /** ISO 8601. */
  readonly since?: string;
  readonly until?: string;
  readonly q?: string;
}

export function readRunsSearch(search: Readonly<Record<string, unknown>>): RunsSearch {
  return {
    ...textAt(search, 'workflowId'),
    ...oneOf(search, 'status', RUN_STATUSES),
    ...oneOf(search, 'trigger', TRIGGERS),
    ...textAt(search, 'branch'),
    ...textAt(search, 'actor'),
    ...instantAt(search, 'since'),
    ...instantAt(search, 'until'),
    ...textAt(search, 'q'),
  };
}

export const RUN_TABS = ['log', 'graph', 'timeline', 'artifacts', 'data', 'events', 'why', 'document'] as const;
export type RunTab = (typeof RUN_TABS)[number];

export interface RunSearch {
  /** `log` when left out. */
  readonly tab?: RunTab;
  /** A job, by its key. */
  readonly job?: string;
  readonly step?: string;
  /** Of the log: what is searched for. */
  readonly q?: string;
  /** Of the log: the number of a line, or `<first>-<last>`, within its step. */
  readonly line?: string;
  readonly artifact?: string;
}

export function readRunSearch(search: Readonly<Record<string, unknown>>): RunSearch {
  return { ...oneOf(search, 'tab', RUN_TABS), ...textAt(search, 'job'), ...textAt(search, 'step'), ...textAt(search, 'q'), ...textAt(search, 'line'), ...textAt(search, 'artifact') };
}

export interface WorkflowSearch {
  /** `overview` when left out. */
  readonly tab?: 'overview' | 'run' | 'source' | 'triggers' | 'runs';
}

export function readWorkflowSearch(search: Readonly<Record<string, unknown>>): WorkflowSearch {
  return oneOf(search, 'tab', ['overview', 'run', 'source', 'triggers', 'runs'] as const);
}

export interface PlaybookSearch {
  readonly version?: string;
  readonly tab?: 'manifest' | 'versions' | 'diff' | 'history';
  readonly from?: string;
  readonly to?: string;
}

export function readPlaybookSearch(search: Readonly<Record<string, unknown>>): PlaybookSearch {
  return { ...textAt(search, 'version'), ...oneOf(search, 'tab', ['manifest', 'versions', 'diff', 'history'] as const), ...textAt(search, 'from'), ...textAt(search, 'to') };
}

export const FLOW_TABS = ['contract', 'runs', 'evidence', 'events', 'record'] as const;

export interface FlowSearch {
  /** `contract` when left out. */
  readonly tab?: (typeof FLOW_TABS)[number];
}

export function readFlowSearch(search: Readonly<Record<string, unknown>>): FlowSearch {
  return oneOf(search, 'tab', FLOW_TABS);
}

/** What an address holds was typed or linked by anybody: what is not understood is left out. A number was written without quotes. */
function textAt<Key extends string>(search: Readonly<Record<string, unknown>>, key: Key): { readonly [Each in Key]?: string } {
  const value = search[key];
  if (typeof value === 'number') return { [key]: String(value) } as { readonly [Each in Key]?: string };
  return typeof value === 'string' && value !== '' ? ({ [key]: value } as { readonly [Each in Key]?: string }) : {};
}

function oneOf<Key extends string, Value extends string>(search: Readonly<Record<string, unknown>>, key: Key, values: readonly Value[]): { readonly [Each in Key]?: Value } {
  const found = values.find((value) => value === search[key]);
  return found === undefined ? {} : ({ [key]: found } as unknown as { readonly [Each in Key]?: Value });
}

function instantAt<Key extends string>(search: Readonly<Record<string, unknown>>, key: Key): { readonly [Each in Key]?: string } {
  const value = search[key];
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? ({ [key]: new Date(value).toISOString() } as { readonly [Each in Key]?: string }) : {};
}
