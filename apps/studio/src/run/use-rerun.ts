import { notifications } from '@mantine/notifications';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { client } from '../api/client.js';
import { tellProblem } from '../parts/tell.js';

type RerunBody = { readonly mode: 'all' | 'failed' } | { readonly mode: 'from'; readonly from: string };

/** Runs a run again, goes to the new one, and says what that took over. */
export function useRerun(id: string): { readonly rerun: (body: RerunBody) => Promise<void>; readonly busy: boolean } {
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const rerun = async (body: RerunBody): Promise<void> => {
    setBusy(true);
    try {
      const { runId, keeps } = await client.call('rerunRun', { params: { id }, body });
      notifications.show({ title: 'Started again', message: keptText(keeps.map(({ job, step }) => (step === undefined ? job : `${job}/${step}`))), autoClose: 8_000 });
      await navigate({ to: '/runs/$id', params: { id: runId } });
    } catch (thrown) {
      tellProblem('Not started', thrown);
    } finally {
      setBusy(false);
    }
  };
  return { rerun, busy };
}

const NAMED = 5;

function keptText(kept: readonly string[]): string {
  if (kept.length === 0) return 'Everything runs again.';
  const named = kept.slice(0, NAMED).join(', ');
  return `Kept, as long as nothing they depend on has changed: ${named}${kept.length > NAMED ? ` and ${String(kept.length - NAMED)} more` : ''}.`;
}
