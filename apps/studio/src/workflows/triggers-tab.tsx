import { Stack, Text } from '@mantine/core';

import { Empty } from '../parts/empty.js';
import { AfterWorkflows } from './after-workflows.js';
import { pushWords } from './push-words.js';
import { ScheduleEntries } from './schedule-entries.js';
import { TriggerSection } from './trigger-section.js';
import { WebhookEntries } from './webhook-entries.js';
import type { WorkflowDetail } from './workflow-entry.js';

/** Everything that starts it. */
export function TriggersTab({ workflow: { triggers, id } }: { readonly workflow: WorkflowDetail }) {
  const { manual, push, schedules, webhooks, workflows } = triggers;
  if (!manual && push === null && schedules.length + webhooks.length + workflows.length === 0) {
    return <Empty title="Nothing starts it by itself">It can be called by other workflows.</Empty>;
  }
  return (
    <Stack gap="lg">
      {manual ? (
        <TriggerSection title="By hand">
          <Text>
            From here, by <code>kb workflow:run --workflow-id={id}</code>, or over HTTP.
          </Text>
        </TriggerSection>
      ) : null}
      {push === null ? null : (
        <TriggerSection title="Pushes">
          {pushWords(push).map((sentence) => (
            <Text key={sentence}>{sentence}</Text>
          ))}
        </TriggerSection>
      )}
      {schedules.length === 0 ? null : (
        <TriggerSection title="Schedules">
          <ScheduleEntries schedules={schedules} />
        </TriggerSection>
      )}
      {webhooks.length === 0 ? null : (
        <TriggerSection title="Webhooks">
          <WebhookEntries webhooks={webhooks} />
        </TriggerSection>
      )}
      {workflows.length === 0 ? null : (
        <TriggerSection title="After other workflows">
          <AfterWorkflows workflows={workflows} />
        </TriggerSection>
      )}
    </Stack>
  );
}
