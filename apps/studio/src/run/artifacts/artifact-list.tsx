import { ActionIcon, Anchor, Table, Tooltip } from '@mantine/core';
import type { ArtifactView } from '@kb-labs/contracts';
import { IconDownload } from '@tabler/icons-react';

import { artifactUrl } from '../../api/artifact.js';
import { AnchorLink } from '../../parts/anchor-link.js';
import { bytesText } from '../../parts/bytes-text.js';
import { Digest } from '../../parts/digest.js';
import { Heads } from '../../parts/heads.js';
import { addressOf } from './artifact-address.js';

interface ArtifactListProps {
  readonly run: string;
  readonly artifacts: readonly ArtifactView[];
  readonly selected: string | undefined;
  readonly onSelect: (address: string) => void;
}

/** What a run left. */
export function ArtifactList({ run, artifacts, selected, onSelect }: ArtifactListProps) {
  return (
    <Table.ScrollContainer minWidth={760} maxHeight={selected === undefined ? 640 : 280} scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'group', 'aria-label': 'Artifacts' } }}>
      <Table highlightOnHover stickyHeader aria-label="Artifacts" data-ready>
        <Heads of={['Name', 'Type', 'Size', 'Made by', 'Digest', { name: 'Download', hidden: true }]} />
        <Table.Tbody>
          {artifacts.map((artifact) => {
            const address = addressOf(artifact, artifacts);
            const { name, label, type, bytes, digest, job, step } = artifact;
            return (
              <Table.Tr key={address} {...(address === selected ? { 'aria-current': true, bg: 'var(--sunken)' } : {})}>
                <Table.Th scope="row" fw={500}>
                  <Anchor
                    component="button"
                    type="button"
                    ta="left"
                    onClick={() => {
                      onSelect(address);
                    }}
                  >
                    {label === null ? name : `${label} (${name})`}
                  </Anchor>
                </Table.Th>
                <Table.Td>{type}</Table.Td>
                <Table.Td>{bytesText(bytes)}</Table.Td>
                <Table.Td>
                  <AnchorLink to="/runs/$id" params={{ id: run }} search={{ tab: 'log', job, ...(step === null ? {} : { step }) }} size="sm">
                    {step === null ? job : `${job} / ${step}`}
                  </AnchorLink>
                </Table.Td>
                <Table.Td>
                  <Digest value={digest} />
                </Table.Td>
                <Table.Td>
                  <Tooltip label="Download">
                    <ActionIcon component="a" href={artifactUrl(run, address)} download variant="subtle" color="gray" aria-label={`Download ${name}`}>
                      <IconDownload size={16} />
                    </ActionIcon>
                  </Tooltip>
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
