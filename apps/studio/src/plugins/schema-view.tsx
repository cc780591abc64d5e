import { Code, Group, SegmentedControl, Table, Text, Title } from '@mantine/core';
import type { JsonObject } from '@kb-labs/contracts';
import { useState } from 'react';

import { Heads } from '../parts/heads.js';
import { JsonView } from '../parts/json-view.js';
import { WideTable } from '../parts/wide-table.js';
import { type SchemaRow, schemaRows } from './schema-rows.js';

/** What goes in or comes out: as a table of properties, or the JSON Schema itself. */
export function SchemaView({ title, schema }: { readonly title: 'Input' | 'Output'; readonly schema: JsonObject }) {
  const [shown, setShown] = useState('table');
  const rows = schemaRows(schema);
  const asJson = rows.length === 0 || shown === 'json';
  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Title order={4}>{title}</Title>
        {rows.length === 0 ? null : (
          <SegmentedControl
            size="xs"
            value={shown}
            onChange={setShown}
            aria-label={`How ${title.toLowerCase()} is shown`}
            data={[
              { value: 'table', label: 'Table' },
              { value: 'json', label: 'JSON Schema' },
            ]}
          />
        )}
      </Group>
      {asJson ? <JsonView value={schema} label={`${title}, as JSON Schema`} /> : <Rows rows={rows} label={title} />}
    </div>
  );
}

function Rows({ rows, label }: { readonly rows: readonly SchemaRow[]; readonly label: 'Input' | 'Output' }) {
  return (
    <WideTable minWidth={520} label={label}>
      <Table aria-label={label} verticalSpacing={4}>
        <Heads of={['Name', 'Type', label === 'Input' ? 'Default' : 'Present', 'What it is']} />
        <Table.Tbody>
          {rows.map(({ name, type, required, default: unset, description }) => (
            <Table.Tr key={name}>
              <Table.Td valign="top">
                <Code>{name}</Code>
              </Table.Td>
              <Table.Td valign="top" maw={220}>
                {type}
              </Table.Td>
              <Table.Td valign="top">{label === 'Output' ? required ? 'always' : 'sometimes' : unset === undefined ? required ? 'required' : '–' : <Code>{JSON.stringify(unset)}</Code>}</Table.Td>
              <Table.Td valign="top">
                <Text size="sm">{description}</Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}
