import { isTerminalRun, type RunView } from '@kb-labs/contracts';
import { useQuery } from '@tanstack/react-query';

import { client } from '../../api/client.js';
import { Empty } from '../../parts/empty.js';
import { Time } from '../../parts/time.js';

/** Why there is nothing to read. */
export function NoLines({ run, job, step }: { readonly run: RunView; readonly job: string | undefined; readonly step: string | undefined }) {
  const ended = isTerminalRun(run.status);
  const { data } = useQuery({
    queryKey: ['run', run.id, 'log-removed'],
    // The row of this run alone: it says what retention took away.
    queryFn: ({ signal }) => client.call('listRuns', { query: { q: run.id, since: run.createdAt, until: new Date(Date.parse(run.createdAt) + 1).toISOString(), limit: 200 }, signal }),
    enabled: ended && job === undefined,
  });
  const removed = data?.items.find(({ id }) => id === run.id)?.logRemovedAt;
  if (removed !== undefined) {
    return (
      <Empty title="The log is gone">
        Retention removed it <Time at={removed} />.
      </Empty>
    );
  }
  if (!ended) return <Empty title="Nothing printed yet">Lines appear here as they are printed.</Empty>;
  return <Empty title="Nothing was printed">{step !== undefined ? 'This step printed nothing.' : job !== undefined ? 'No step of this job printed anything.' : 'No step of this run printed anything.'}</Empty>;
}
