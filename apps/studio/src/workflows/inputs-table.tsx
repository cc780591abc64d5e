import { Code, Table, Text } from '@mantine/core';

import { Heads } from '../parts/heads.js';
import { WideTable } from '../parts/wide-table.js';
import type { WorkflowDetail } from './workflow-entry.js';

export function InputsTable({ inputs }: { readonly inputs: WorkflowDetail['inputs'] }) {
  const entries = Object.entries(inputs);
  if (entries.length === 0) return <Text c="dimmed">It has none.</Text>;
  return (
    <WideTable minWidth={560} label="Inputs">
      <Table aria-label="Inputs">
        <Heads of={['Name', 'Type', 'Default', 'What it is']} />
        <Table.Tbody>
          {entries.map(([name, input]) => (
            <Table.Tr key={name}>
              <Table.Td>
                <Code>{name}</Code>
              </Table.Td>
              <Table.Td>{input.type === 'choice' ? input.options.join(' | ') : input.type}</Table.Td>
              <Table.Td>{input.default === undefined ? (input.required === true ? 'required' : '–') : <Code>{JSON.stringify(input.default)}</Code>}</Table.Td>
              <Table.Td>{input.description ?? ''}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}
