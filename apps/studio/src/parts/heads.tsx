import { Table, VisuallyHidden } from '@mantine/core';

/** The head of a column; `hidden` for one that only those need who do not see what is below it; `width` in pixels or of the table. */
export type Head = string | { readonly name: string; readonly hidden?: boolean; readonly width?: number | `${number}%` };

/** The one line of heads of a table. */
export function Heads({ of }: { readonly of: readonly Head[] }) {
  return (
    <Table.Thead>
      <Table.Tr>
        {of.map((head) => {
          const { name, hidden, width } = typeof head === 'string' ? { name: head } : head;
          return (
            <Table.Th key={name} scope="col" {...(width === undefined ? {} : { w: width })}>
              {hidden === true ? <VisuallyHidden>{name}</VisuallyHidden> : name}
            </Table.Th>
          );
        })}
      </Table.Tr>
    </Table.Thead>
  );
}
