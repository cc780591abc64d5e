import type { PlaybookSummaryView } from '@kb-labs/contracts';

export interface PlaybookGroup {
  readonly id: string;
  /** Of the version that stands for the playbook: the active one, else one that can start flows, else the last. */
  readonly title: string;
  readonly active: PlaybookSummaryView | undefined;
  readonly versions: readonly PlaybookSummaryView[];
}

/** Versions of one playbook together; each with the newest version first. */
export function groupVersions(all: readonly PlaybookSummaryView[]): PlaybookGroup[] {
  return [...Map.groupBy(all, ({ playbook_id: id }) => id)].map(([id, members]) => {
    const versions = members.toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
    const active = versions.find(({ status }) => status === 'active');
    const shown = active ?? versions.find(({ startable }) => startable) ?? versions[0];
    return { id, title: shown?.title ?? id, active, versions };
  });
}
