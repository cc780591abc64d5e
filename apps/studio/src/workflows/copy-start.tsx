import { Button, Menu } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import type { JsonObject } from '@kb-labs/contracts';
import { IconCopy } from '@tabler/icons-react';

import { GATEWAY_URL } from '../app/place.js';
import { tellDone } from '../parts/tell.js';
import { asCli, asCurl } from '../run/run-commands.js';

/** What starts the same from a terminal. */
export function CopyStart({ workflowId, input }: { readonly workflowId: string; readonly input: JsonObject }) {
  const { copy } = useClipboard();
  const take = (text: string, what: string): void => {
    copy(text);
    tellDone(`Copied: ${what}.`);
  };
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button variant="default" leftSection={<IconCopy size={16} />}>
          Copy as…
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          onClick={() => {
            take(asCli({ workflowId, input }), 'the command line');
          }}
        >
          Command line
        </Menu.Item>
        <Menu.Item
          onClick={() => {
            take(asCurl(GATEWAY_URL, { workflowId, input }), 'the call of curl');
          }}
        >
          curl
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
