import type { JsonValue, PlaybookSummaryView, ValueChange } from '@kb-labs/contracts';
import { Alert, Code, Group, Select, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { Heads } from '../parts/heads.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import classes from './version-diff.module.css';
import { diffQuery } from './queries.js';

const route = getRouteApi('/playbooks/$id');

interface VersionDiffProps {
  readonly id: string;
  readonly version: string;
  readonly versions: readonly PlaybookSummaryView[];
}

/** Two versions beside each other: what they say, and what they would run here and now. */
export function VersionDiff({ id, version, versions }: VersionDiffProps) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const names = versions.map((each) => each.version);
  const { from = names.find((name) => name !== version) ?? version, to = version } = search;
  const choose = (side: 'from' | 'to', chosen: string | null): void => {
    if (chosen !== null) void navigate({ search: (before) => ({ ...before, [side]: chosen }) });
  };
  return (
    <Stack>
      <Group>
        <Select label="From" data={names} value={from} allowDeselect={false} onChange={(chosen) => { choose('from', chosen); }} />
        <Select label="To" data={names} value={to} allowDeselect={false} onChange={(chosen) => { choose('to', chosen); }} />
      </Group>
      {from === to ? <Text c="dimmed">{names.length < 2 ? 'There is one version: nothing to compare it with.' : 'Choose two versions.'}</Text> : <Changes id={id} from={from} to={to} />}
    </Stack>
  );
}

function Changes({ id, from, to }: { readonly id: string; readonly from: string; readonly to: string }) {
  const { data, error, refetch } = useQuery(diffQuery(id, from, to));
  if (error !== null) return <Problem thrown={error} retry={() => void refetch()} />;
  if (data === undefined) return <Pending />;
  return (
    <Stack gap="lg">
      {data.problems.map(({ version, code, message }) => (
        <Alert key={`${version} ${code}`} color="yellow" variant="outline" title={`What ${version} would run cannot be told`}>
          {message} <Code>{code}</Code>
        </Alert>
      ))}
      <ChangeTable title="What they say" none="They say the same." changes={data.manifest} />
      <ChangeTable title="What they would run here and now" none="They would run the same: the same workflows, plugins, permissions and images." changes={data.reach} />
    </Stack>
  );
}

function ChangeTable({ title, none, changes }: { readonly title: string; readonly none: string; readonly changes: readonly ValueChange[] }) {
  return (
    <Stack gap="xs" component="section">
      <Title order={2}>{title}</Title>
      {changes.length === 0 ? (
        <Text c="dimmed">{none}</Text>
      ) : (
        <Table.ScrollContainer minWidth={640}>
          <Table aria-label={title} layout="fixed">
            <Heads of={[{ name: 'Where', width: '24%' }, { name: 'Change', width: 100 }, 'Before', 'After']} />
            <Table.Tbody>
              {changes.map(({ path, change, from, to }) => (
                <Table.Tr key={path}>
                  <Table.Td className={classes['path']}>{path}</Table.Td>
                  <Table.Td>{change}</Table.Td>
                  <Table.Td className={classes['before']}>{change === 'added' ? null : <del>{valueText(from)}</del>}</Table.Td>
                  <Table.Td className={classes['after']}>{change === 'removed' ? null : <ins>{valueText(to)}</ins>}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Stack>
  );
}

function valueText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
