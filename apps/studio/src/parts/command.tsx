import { Code, Group } from '@mantine/core';

import { Copy } from './copy.js';

/** Something to type into a terminal. */
export function Command({ text }: { readonly text: string }) {
  return (
    <Group gap="xs" wrap="nowrap" justify="center">
      <Code>{text}</Code>
      <Copy text={text} what="command" />
    </Group>
  );
}
