import { Tabs } from '@mantine/core';

import { Page } from '../parts/page.js';
import { Appearance } from './appearance.js';
import { AuditLog } from './audit-log.js';
import { Keys } from './keys.js';
import { ForAdmins } from './for-admins.js';
import { Who } from './who.js';

/** Who one is, how Studio looks, and for those who may: keys and the audit log. */
export function SettingsPage() {
  return (
    <Page title="Settings">
      <Tabs defaultValue="you" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="you">You</Tabs.Tab>
          <Tabs.Tab value="appearance">Appearance</Tabs.Tab>
          <Tabs.Tab value="keys">Keys</Tabs.Tab>
          <Tabs.Tab value="audit">Audit log</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="you">
          <Who />
        </Tabs.Panel>
        <Tabs.Panel value="appearance">
          <Appearance />
        </Tabs.Panel>
        <Tabs.Panel value="keys">
          <ForAdmins what="Keys are">
            <Keys />
          </ForAdmins>
        </Tabs.Panel>
        <Tabs.Panel value="audit">
          <ForAdmins what="The audit log is">
            <AuditLog />
          </ForAdmins>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
