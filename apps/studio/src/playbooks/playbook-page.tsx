import { Group, Select, Tabs } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { PlaybookView } from '@kb-labs/contracts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { AllowedButton } from '../parts/allowed-button.js';
import { Digest } from '../parts/digest.js';
import { Page } from '../parts/page.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { StatusBadge } from '../parts/status-badge.js';
import { History } from './history.js';
import { Manifest } from './manifest.js';
import { PublishVersion } from './publish-version.js';
import { playbookQuery, versionsQuery } from './queries.js';
import { RevokeVersion } from './revoke-version.js';
import { StartFlow } from './start-flow.js';
import { VersionDiff } from './version-diff.js';
import { Versions } from './versions.js';

const route = getRouteApi('/playbooks/$id');
const crumbs = [{ text: 'Playbooks', to: '/playbooks' }] as const;

export function PlaybookPage() {
  const { id } = route.useParams();
  const { version } = route.useSearch();
  const { data, error, refetch } = useQuery(playbookQuery(id, version));
  if (data !== undefined) return <Version playbook={data} />;
  return (
    <Page title={id} crumbs={crumbs}>
      {error === null ? <Pending /> : <Problem thrown={error} retry={() => void refetch()} />}
    </Page>
  );
}

function Version({ playbook }: { readonly playbook: PlaybookView }) {
  const { playbook_id: id, version, title, status, startable, digest } = playbook;
  const { tab = 'manifest' } = route.useSearch();
  const navigate = route.useNavigate();
  const versions = useQuery(versionsQuery(id)).data?.items ?? [];
  const [publishing, publish] = useDisclosure(false);
  const [revoking, revoke] = useDisclosure(false);
  const [starting, start] = useDisclosure(false);
  const revoked = status === 'revoked' ? 'A version that was revoked stays so' : undefined;
  return (
    <Page
      title={`${title} ${version}`}
      crumbs={crumbs}
      subtitle={
        <Group gap="md">
          <StatusBadge status={status} />
          <span>{id}</span>
          <Digest value={digest} />
        </Group>
      }
      actions={
        <>
          <Select
            aria-label="Version"
            w={150}
            allowDeselect={false}
            data={versions.length === 0 ? [version] : versions.map((each) => each.version)}
            value={version}
            onChange={(chosen) => void navigate({ search: (before) => ({ ...before, ...(chosen === null ? {} : { version: chosen }) }) })}
          />
          <AllowedButton permission="approve" variant="default" onClick={publish.open} because={revoked}>
            Publish
          </AllowedButton>
          <AllowedButton permission="approve" variant="default" onClick={revoke.open} because={revoked}>
            Revoke
          </AllowedButton>
          <AllowedButton permission="run" onClick={start.open} because={startable ? undefined : `A version that is ${status} starts no flows`}>
            Start a flow
          </AllowedButton>
        </>
      }
    >
      {publishing ? <PublishVersion playbook={playbook} onClose={publish.close} /> : null}
      {revoking ? <RevokeVersion playbook={playbook} onClose={revoke.close} /> : null}
      {starting ? <StartFlow playbook={playbook} onClose={start.close} /> : null}
      <Tabs value={tab} onChange={(next) => void navigate({ search: (before) => ({ ...before, tab: next === 'versions' || next === 'diff' || next === 'history' ? next : 'manifest' }) })} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="manifest">Manifest</Tabs.Tab>
          <Tabs.Tab value="versions">Versions</Tabs.Tab>
          <Tabs.Tab value="diff">Differences</Tabs.Tab>
          <Tabs.Tab value="history">Release history</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="manifest" pt="md">
          <Manifest playbook={playbook} />
        </Tabs.Panel>
        <Tabs.Panel value="versions" pt="md">
          <Versions versions={versions} shown={version} />
        </Tabs.Panel>
        <Tabs.Panel value="diff" pt="md">
          <VersionDiff id={id} version={version} versions={versions} />
        </Tabs.Panel>
        <Tabs.Panel value="history" pt="md">
          <History changes={playbook.history} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
