import { useQuery } from '@tanstack/react-query';

import { Empty } from '../parts/empty.js';
import { Page } from '../parts/page.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { schedulesQuery } from './schedules-query.js';
import { SchedulesTable } from './schedules-table.js';

/** What starts by the clock. */
export function SchedulesPage() {
  const { data, error, refetch } = useQuery(schedulesQuery);
  return (
    <Page title="Schedules" subtitle="What starts by the clock, in its own time zone.">
      {data === undefined ? (
        error === null ? <Pending /> : <Problem thrown={error} retry={() => void refetch()} />
      ) : data.items.length === 0 ? (
        <Empty title="No schedules" command="kb schedule:list">
          A workflow starts by the clock when its document says so: <code>on: {'{'} schedule: [{'{'} cron: "0 6 * * 1-5", timezone: Europe/Berlin {'}'}] {'}'}</code>. This lists the times of all of them.
        </Empty>
      ) : (
        <SchedulesTable items={data.items} />
      )}
    </Page>
  );
}
