import { notifications } from '@mantine/notifications';
import type { JsonObject } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import { useState } from 'react';

import { approvalsQuery } from '../api/approvals.js';
import { client } from '../api/client.js';
import { queryClient } from '../api/query-client.js';

interface DecisionPlace {
  readonly runId: string;
  readonly job: string;
  readonly step: string;
  /** Digest of what was seen. */
  readonly subject: string;
  readonly onDone?: () => void;
}

interface Decision {
  readonly decision: 'approved' | 'rejected';
  readonly comment: string;
  readonly data?: JsonObject;
}

/** Sends a decision, and tells what became of it. */
export function useDecision({ runId, job, step, subject, onDone }: DecisionPlace) {
  const [deciding, setDeciding] = useState<Decision['decision']>();
  const [problem, setProblem] = useState<unknown>();
  const decide = async ({ decision, comment, data }: Decision): Promise<void> => {
    setDeciding(decision);
    setProblem(undefined);
    try {
      const said = comment.trim();
      await client.call('decideApproval', { params: { id: runId, stepId: `${job}/${step}` }, body: { decision, subject, ...(said === '' ? {} : { comment: said }), ...(data === undefined ? {} : { data }) } });
      notifications.show({ message: decision === 'approved' ? 'Approved. The run goes on.' : 'Rejected.' });
      onDone?.();
    } catch (thrown) {
      if (hasCode(thrown, 'NOT_WAITING')) {
        notifications.show({ color: 'yellow', title: 'It is decided already', message: 'Somebody else was faster, or the run does not wait for it any more.' });
        onDone?.();
      } else setProblem(thrown);
    } finally {
      setDeciding(undefined);
      void queryClient.invalidateQueries({ queryKey: approvalsQuery.queryKey });
      void queryClient.invalidateQueries({ queryKey: ['run', runId] });
    }
  };
  return { decide, deciding, problem };
}
