import { Button, Group, SegmentedControl, Text } from '@mantine/core';
import { isTerminalRun, type RunView } from '@kb-labs/contracts';
import { useMemo, useState } from 'react';

import { Empty } from '../../parts/empty.js';
import { useNow } from '../../parts/now.js';
import { around, type Span } from './axis.js';
import { Legend } from './legend.js';
import { type Timeline, timelineOf, type TimelineRow } from './timeline.js';
import { TimelineChart } from './timeline-chart.js';
import { TimelineTable } from './timeline-table.js';

/** With more rows than this, the steps of jobs are shown when asked for. */
const OPENED = 60;

/** Where the time of a run went, as bars or as a table. Of a run that is not over it grows by itself. */
export function TimelineTab({ run }: { readonly run: RunView }) {
  return isTerminalRun(run.status) ? <Past run={run} /> : <Live run={run} />;
}

function Past({ run }: { readonly run: RunView }) {
  const timeline = useMemo(() => timelineOf(run, run.finishedAt === null ? Date.parse(run.createdAt) : Date.parse(run.finishedAt)), [run]);
  return <Shown timeline={timeline} />;
}

function Live({ run }: { readonly run: RunView }) {
  const now = useNow();
  const timeline = useMemo(() => timelineOf(run, Math.max(now, Date.parse(run.createdAt))), [run, now]);
  return <Shown timeline={timeline} />;
}

function Shown({ timeline }: { readonly timeline: Timeline }) {
  const [shown, setShown] = useState<'chart' | 'table'>('chart');
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const [window, setWindow] = useState<Span>();
  const { rows } = timeline;
  const openAtFirst = rows.length <= OPENED;
  const isOpen = (row: TimelineRow): boolean => row.below > 0 && turned.has(row.id) !== openAtFirst;
  const visible = useMemo(() => withoutClosed(rows, (id) => turned.has(id) !== openAtFirst), [rows, turned, openAtFirst]);
  if (rows.length === 0) return <Empty title="No jobs">There is nothing that could take time.</Empty>;
  return (
    <section aria-label="Timeline">
      <Group justify="space-between" mb="xs" gap="sm">
        <Legend />
        <Group gap="xs">
          {window === undefined ? null : (
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => {
                setWindow(undefined);
              }}
            >
              Whole run
            </Button>
          )}
          <SegmentedControl
            size="xs"
            aria-label="How the times are shown"
            value={shown}
            onChange={(value) => {
              setShown(value === 'table' ? 'table' : 'chart');
            }}
            data={[
              { value: 'chart', label: 'Chart' },
              { value: 'table', label: 'Show as table' },
            ]}
          />
        </Group>
      </Group>
      {shown === 'table' ? (
        <TimelineTable timeline={timeline} />
      ) : (
        <TimelineChart
          rows={visible}
          start={timeline.from}
          shown={window ?? { from: timeline.from, to: timeline.to }}
          isOpen={isOpen}
          onTurn={(id) => {
            setTurned((before) => new Set(before.has(id) ? [...before].filter((each) => each !== id) : [...before, id]));
          }}
          onNarrow={(span) => {
            setWindow(around(span));
          }}
        />
      )}
      <Text size="xs" c="dimmed" mt={4}>
        Click a bar to see that time alone.
      </Text>
    </section>
  );
}

/** The rows, without those below a closed one. */
function withoutClosed(rows: readonly TimelineRow[], opened: (id: string) => boolean): TimelineRow[] {
  const kept: TimelineRow[] = [];
  let skip = 0;
  for (const row of rows) {
    if (skip > 0) {
      skip -= 1;
      continue;
    }
    kept.push(row);
    if (row.below > 0 && !opened(row.id)) skip = row.below;
  }
  return kept;
}
