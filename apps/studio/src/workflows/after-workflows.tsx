import { List, Text } from '@mantine/core';

import { AnchorLink } from '../parts/anchor-link.js';
import type { WorkflowDetail } from './workflow-entry.js';

export function AfterWorkflows({ workflows }: { readonly workflows: WorkflowDetail['triggers']['workflows'] }) {
  return (
    <List listStyleType="none" spacing={4}>
      {workflows.map(({ id, on }) => (
        <List.Item key={id}>
          <AnchorLink to="/workflows/$id" params={{ id }}>
            {id}
          </AnchorLink>{' '}
          <Text span c="dimmed">
            when it ends as {on.join(' or ')}
          </Text>
        </List.Item>
      ))}
    </List>
  );
}
