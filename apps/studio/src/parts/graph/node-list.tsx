import { Anchor, Table } from '@mantine/core';

import { Heads } from '../heads.js';
import { StatusBadge } from '../status-badge.js';
import { Duration } from '../time.js';
import type { GraphNode } from './graph-node.js';

interface NodeListProps {
  readonly nodes: readonly GraphNode[];
  readonly label: string;
  readonly onOpen?: ((id: string) => void) | undefined;
  readonly selected?: string | undefined;
}

/** The same as the graph, in rows: for those who do not see it, and for narrow pages. */
export function NodeList({ nodes, label, onOpen, selected }: NodeListProps) {
  const [withStatus, withTime] = [nodes.some(({ status }) => status !== undefined), nodes.some(({ time }) => time !== undefined)];
  return (
    <Table.ScrollContainer minWidth={480} maxHeight={560} scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'group', 'aria-label': label } }}>
      <Table highlightOnHover stickyHeader aria-label={label}>
        <Heads of={['Job', ...(withStatus ? ['Status'] : []), ...(withTime ? ['Took'] : []), 'Needs']} />
        <Table.Tbody>
          {nodes.map(({ id, label: text, sublabel, status, note, time, needs }) => (
            <Table.Tr key={id} {...(selected === id ? { 'aria-current': true, bg: 'var(--sunken)' } : {})}>
              <Table.Th scope="row" fw={500}>
                {onOpen === undefined ? (
                  text
                ) : (
                  <Anchor
                    component="button"
                    type="button"
                    ta="left"
                    onClick={() => {
                      onOpen(id);
                    }}
                  >
                    {text}
                  </Anchor>
                )}
                {sublabel === undefined ? null : ` · ${sublabel}`}
              </Table.Th>
              {withStatus ? <Table.Td>{status === undefined ? '–' : <StatusBadge status={status} {...(note === undefined ? {} : { note })} />}</Table.Td> : null}
              {withTime ? <Table.Td>{time === undefined ? '–' : <Duration from={time.from} to={time.to} />}</Table.Td> : null}
              <Table.Td>{needs.length === 0 ? '–' : needs.join(', ')}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
