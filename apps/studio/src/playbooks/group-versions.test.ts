import type { PlaybookSummaryView } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { groupVersions } from './group-versions.js';

function version(playbook_id: string, name: string, more: Partial<PlaybookSummaryView> = {}): PlaybookSummaryView {
  return { playbook_id, version: name, digest: 'sha256:0', title: `${playbook_id} ${name}`, status: 'draft', startable: false, created_at: `2026-01-0${name}T00:00:00.000Z`, created_by: 'ada', released_at: null, ...more };
}

describe('versions of playbooks', () => {
  it('stand together, the newest first', () => {
    const groups = groupVersions([version('a', '1'), version('a', '3'), version('b', '1'), version('a', '2')]);
    expect(groups.map(({ id, versions }) => [id, versions.map((each) => each.version)])).toEqual([['a', ['3', '2', '1']], ['b', ['1']]]);
  });

  it('are called by the active one, else by one that can start flows, else by the newest', () => {
    const active = version('a', '1', { status: 'active', startable: true });
    const canary = version('a', '2', { status: 'canary', startable: true });
    expect(groupVersions([active, canary, version('a', '3')])[0]).toMatchObject({ title: 'a 1', active });
    expect(groupVersions([canary, version('a', '3')])[0]).toMatchObject({ title: 'a 2', active: undefined });
    expect(groupVersions([version('a', '1'), version('a', '3')])[0]).toMatchObject({ title: 'a 3' });
  });
});
