import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { type ArtifactView, isTerminalRun, type RunView } from '@kb-labs/contracts';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import { artifactQuery, artifactUrl, SHOWN_BYTES } from '../../api/artifact.js';
import { bytesText } from '../../parts/bytes-text.js';
import { Empty } from '../../parts/empty.js';
import { Pending } from '../../parts/pending.js';
import { Problem } from '../../parts/problem.js';
import { findArtifact } from './artifact-address.js';
import { ArtifactList } from './artifact-list.js';
import { lookOf } from './look-of.js';
import { ShownArtifact } from './shown-artifact.js';

interface ArtifactsTabProps {
  readonly run: RunView;
  /** What the gateway finds the artifact by. */
  readonly selected: string | undefined;
  readonly onSelect: (address: string) => void;
}

/** What the steps of a run left, and the one that was chosen as what it is. */
export function ArtifactsTab({ run, selected, onSelect }: ArtifactsTabProps) {
  const { artifacts } = run;
  if (artifacts.length === 0) {
    return (
      <Empty title={isTerminalRun(run.status) ? 'This run left no artifacts' : 'No artifacts yet'} command={`kb workflow:artifacts --run-id=${run.id}`}>
        A step keeps a file by writing it below $KB_ARTIFACTS, or by an entry under artifacts: in the document.
      </Empty>
    );
  }
  const artifact = selected === undefined ? undefined : findArtifact(selected, artifacts);
  return (
    <Stack gap="md">
      <ArtifactList run={run.id} artifacts={artifacts} selected={selected} onSelect={onSelect} />
      {selected === undefined ? <Text c="dimmed">Choose an artifact to see it here.</Text> : artifact === undefined ? <Text c="dimmed">There is no artifact {selected} in this run.</Text> : <Chosen key={selected} run={run.id} address={selected} artifact={artifact} />}
    </Stack>
  );
}

function Chosen({ run, address, artifact }: { readonly run: string; readonly address: string; readonly artifact: ArtifactView }) {
  const { name, label, type, digest, bytes } = artifact;
  const { data: head, error, refetch } = useQuery(artifactQuery(run, address, digest));
  const look = useMemo(() => (head === undefined ? undefined : lookOf(type, head)), [head, type]);
  const title = label ?? name;
  return (
    <section aria-label={title} data-artifact={address}>
      <Group justify="space-between" mb="xs">
        <Title order={2} style={{ overflowWrap: 'anywhere' }}>
          {title}
        </Title>
        <Button component="a" href={artifactUrl(run, address)} download size="compact-sm" variant="default" leftSection={<IconDownload size={14} />}>
          Download, {bytesText(bytes)}
        </Button>
      </Group>
      {head === undefined || head.whole ? null : (
        <Text size="sm" c="dimmed" mb="xs">
          The first {bytesText(SHOWN_BYTES)} of {bytesText(bytes)}. The rest is in the file.
        </Text>
      )}
      {error === null ? look === undefined || head === undefined ? <Pending /> : <ShownArtifact look={look} bytes={head.bytes} label={title} /> : <Problem thrown={error} retry={() => void refetch()} />}
    </section>
  );
}
