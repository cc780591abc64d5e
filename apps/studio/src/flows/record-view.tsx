import type { FlowView } from '@kb-labs/contracts';
import { Stack, Table, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

import { Digest } from '../parts/digest.js';
import { Facts } from '../parts/facts.js';
import { Heads } from '../parts/heads.js';
import { JsonView } from '../parts/json-view.js';

/** What was pinned when the flow started, what it was started with, and all of it as JSON. */
export function FlowRecordView({ flow }: { readonly flow: FlowView }) {
  const { workflows, plugins, images, llm } = flow.pins;
  return (
    <Stack gap="lg">
      <Stack gap="xs" component="section">
        <Title order={2}>Pinned when it started</Title>
        <Text c="dimmed">A change of any of these is refused, at its start and at every step.</Text>
        <Facts rows={[['Playbook', <Digest key="playbook" value={flow.playbook_ref.digest} />], ['Language model', llm === undefined ? undefined : [llm.provider, llm.model].filter((part) => part !== undefined).join(' ')]]} />
        <Pins title="Workflow" rows={Object.entries(workflows)} />
        <Pins title="Plugin" rows={Object.entries(plugins).map(([name, { version, integrity }]) => [`${name} ${version}`, integrity])} />
        <Pins title="Image" rows={Object.entries(images)} />
      </Stack>
      <JsonView value={flow.inputs} label="Inputs" />
      <JsonView value={flow.metadata} label="Metadata" />
      <JsonView value={flow} label="The flow as it is answered" />
    </Stack>
  );
}

function Pins({ title, rows }: { readonly title: string; readonly rows: readonly (readonly [name: string, digest: string])[] }): ReactNode {
  if (rows.length === 0) return null;
  return (
    <Table aria-label={`Pinned: ${title}`} withRowBorders={false} verticalSpacing={2} maw={900}>
      <Heads of={[title, 'Digest']} />
      <Table.Tbody>
        {rows.map(([name, digest]) => (
          <Table.Tr key={name}>
            <Table.Td>{name}</Table.Td>
            <Table.Td>
              <Digest value={digest} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
