import { type AnyStatus, wordsOf } from '../status-badge.js';

/** One box of a graph. */
export interface GraphNode {
  readonly id: string;
  readonly label: string;
  readonly sublabel?: string;
  /** Ids of the nodes before it. Those that are not in the graph are left out. */
  readonly needs: readonly string[];
  readonly status?: AnyStatus;
  /** Behind the status, in a few words. */
  readonly note?: string;
  /** When it began and ended; `to` is `null` while it goes on. */
  readonly time?: { readonly from: string; readonly to: string | null };
  /** What it stands for, drawn as a strip of statuses. */
  readonly parts?: readonly { readonly id: string; readonly label: string; readonly status: AnyStatus }[];
}

export const NODE_WIDTH = 224;
export const NODE_HEIGHT = 60;

/** What is said of a node to those who do not see where it stands. */
export function describeNode({ label, sublabel, status, note, needs }: GraphNode): string {
  return [label, sublabel, status === undefined ? undefined : wordsOf(status), note, needs.length === 0 ? undefined : `after ${needs.join(', ')}`].filter((part) => part !== undefined).join(', ');
}
