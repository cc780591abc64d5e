import { Code, Group, Tooltip } from '@mantine/core';

import { Copy } from './copy.js';

const SHOWN = 12;

/** A digest (`sha256:` and hex digits), shortened; copied whole. */
export function Digest({ value }: { readonly value: string }) {
  const [algorithm = '', hex = ''] = value.split(':');
  return (
    <Group gap={4} wrap="nowrap" component="span">
      <Tooltip label={value}>
        <Code tabIndex={-1}>{hex === '' ? value : `${algorithm}:${hex.slice(0, SHOWN)}…`}</Code>
      </Tooltip>
      <Copy text={value} what="digest" />
    </Group>
  );
}
