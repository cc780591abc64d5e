import { Group } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { ScheduleView } from '@kb-labs/contracts';
import { IconPlayerPause, IconPlayerPlay, IconPlayerTrackNext } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { client } from '../api/client.js';
import { notAllowed, useMay } from '../api/may.js';
import { queryClient } from '../api/query-client.js';
import { GatedButton } from '../parts/gated-button.js';
import { tellProblem } from '../parts/tell.js';
import { schedulesQuery } from './schedules-query.js';

/** Pause, go on, start now. */
export function ScheduleActions({ schedule: { id, workflowId, status, paused } }: { readonly schedule: ScheduleView }) {
  const navigate = useNavigate();
  const [doing, setDoing] = useState<'trigger' | 'switch'>();
  const mayWrite = useMay('write');
  const mayRun = useMay('run');
  const attempt = async (what: 'trigger' | 'switch', act: () => Promise<void>): Promise<void> => {
    setDoing(what);
    try {
      await act();
      void queryClient.invalidateQueries({ queryKey: schedulesQuery.queryKey });
    } catch (thrown) {
      tellProblem(`The schedule of ${workflowId}`, thrown);
    } finally {
      setDoing(undefined);
    }
  };
  const trigger = async (): Promise<void> => {
    const run = await client.call('triggerSchedule', { params: { id }, body: {} });
    notifications.show({ message: `Started ${run.id}.` });
    await navigate({ to: '/runs/$id', params: { id: run.id } });
  };
  const change = async (): Promise<void> => {
    await client.call(paused === null ? 'pauseSchedule' : 'resumeSchedule', { params: { id }, body: {} });
    notifications.show({ message: paused === null ? 'Paused: its times start nothing.' : 'Its times start runs again.' });
  };
  return (
    <Group gap={6} wrap="nowrap" justify="flex-end">
      <GatedButton
        size="compact-sm"
        variant="default"
        leftSection={<IconPlayerTrackNext size={14} />}
        loading={doing === 'trigger'}
        refused={!mayRun ? notAllowed('run') : status === 'broken' ? 'Its document is broken' : undefined}
        onClick={() => void attempt('trigger', trigger)}
      >
        Start now
      </GatedButton>
      <GatedButton
        size="compact-sm"
        variant="default"
        leftSection={paused === null ? <IconPlayerPause size={14} /> : <IconPlayerPlay size={14} />}
        loading={doing === 'switch'}
        refused={mayWrite ? undefined : notAllowed('write')}
        onClick={() => void attempt('switch', change)}
      >
        {paused === null ? 'Pause' : 'Resume'}
      </GatedButton>
    </Group>
  );
}
