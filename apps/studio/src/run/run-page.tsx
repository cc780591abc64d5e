import { Group, Stack, Tabs, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { isTerminalRun, type RunView } from '@kb-labs/contracts';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useSyncExternalStore } from 'react';

import { changeSearch } from '../app/change-search.js';
import { RUN_TABS, type RunSearch, type RunTab } from '../app/searches.js';
import { Copy } from '../parts/copy.js';
import { Page } from '../parts/page.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { reasonNote } from '../parts/reason-note.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Failure } from './failure.js';
import { RunActions } from './run-actions.js';
import { Phases, RunHeader } from './run-header.js';
import classes from './run.module.css';
import { useRun, type LiveRun } from './use-run.js';
import { Waiting } from './waiting.js';

const loadLog = () => import('./log/log-tab.js').then(({ LogTab: component }) => ({ default: component }));
const LogTab = lazy(loadLog);
const GraphTab = lazy(() => import('./graph/graph-tab.js').then(({ GraphTab: component }) => ({ default: component })));
const TimelineTab = lazy(() => import('./timeline/timeline-tab.js').then(({ TimelineTab: component }) => ({ default: component })));
const ArtifactsTab = lazy(() => import('./artifacts/artifacts-tab.js').then(({ ArtifactsTab: component }) => ({ default: component })));
const DataTab = lazy(() => import('./data-tab.js').then(({ DataTab: component }) => ({ default: component })));
const EventsTab = lazy(() => import('./events-tab.js').then(({ EventsTab: component }) => ({ default: component })));
const WhyTab = lazy(() => import('./why-tab.js').then(({ WhyTab: component }) => ({ default: component })));
const DocumentTab = lazy(() => import('./document-tab.js').then(({ DocumentTab: component }) => ({ default: component })));

const LABELS: Readonly<Record<RunTab, string>> = { log: 'Log', graph: 'Graph', timeline: 'Timeline', artifacts: 'Artifacts', data: 'Data', events: 'Events', why: 'Why', document: 'Document' };

/** A run, as it is now. */
export function RunPage() {
  const { id } = useParams({ from: '/runs/$id' });
  // Another run is another page: nothing of the one before stays.
  return <OneRun key={id} id={id} />;
}

function OneRun({ id }: { readonly id: string }) {
  const live = useRun(id);
  useEffect(() => {
    // What most want to see, while the run itself is still on its way.
    void loadLog();
  }, []);
  const { run, problem, refresh } = live;
  if (run === undefined) {
    return (
      <Page title="Run" crumbs={[{ text: 'Runs', to: '/runs' }]}>
        {problem === undefined ? <Pending /> : <Problem thrown={problem} retry={refresh} />}
      </Page>
    );
  }
  return <Shown run={run} live={live} />;
}

function Shown({ run, live }: { readonly run: RunView; readonly live: LiveRun }) {
  const search = useSearch({ from: '/runs/$id' });
  const navigate = useNavigate({ from: '/runs/$id' });
  const { events, refresh } = live;
  const cancelling = useSyncExternalStore(events.subscribe, () => events.cancelRequested) && !isTerminalRun(run.status);
  const tab = search.tab ?? 'log';
  const change = (next: { readonly [Key in keyof RunSearch]?: RunSearch[Key] | undefined }): void => void navigate({ search: (known) => changeSearch(known, next), replace: true, resetScroll: false });
  useHotkeys(RUN_TABS.map((each, index) => [String(index + 1), () => { change({ tab: each }); }]));
  const note = cancelling ? 'being cancelled' : reasonNote(run.status, run.reason);
  return (
    <Page
      title={`${run.workflowId}, ${run.status}`}
      heading={run.workflowId}
      crumbs={[{ text: 'Runs', to: '/runs' }]}
      subtitle={
        <Group gap="sm">
          <StatusBadge status={run.status} {...(note === undefined ? {} : { note })} />
          <Group gap={2} wrap="nowrap">
            <span className={classes['id']}>{run.id}</span>
            <Copy text={run.id} what="the id of the run" />
          </Group>
        </Group>
      }
      actions={<RunActions run={run} cancelling={cancelling} onChanged={refresh} />}
    >
      <RunHeader run={run} />
      {run.reason === undefined || reasonNote(run.status, run.reason) === undefined ? null : <Text size="sm">{run.reason.message}</Text>}
      <Failure error={run.error} brief />
      {run.phases === undefined || run.phases.length === 0 ? null : <Phases phases={run.phases} />}
      <Waiting run={run} onDone={refresh} />
      <Tabs value={tab} keepMounted={false} onChange={(value) => { change({ tab: RUN_TABS.find((each) => each === value) }); }}>
        <Tabs.List className={classes['tabs']} aria-label="What to see of the run">
          {RUN_TABS.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {LABELS[each]}
              {each === 'artifacts' && run.artifacts.length > 0 ? ` ${String(run.artifacts.length)}` : ''}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab} pt="md">
          <Suspense fallback={<Pending />}>
            <Stack gap="sm">{shownBy(tab, run, { live, search, change })}</Stack>
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

interface Shares {
  readonly live: LiveRun;
  readonly search: RunSearch;
  readonly change: (next: { readonly [Key in keyof RunSearch]?: RunSearch[Key] | undefined }) => void;
}

function shownBy(tab: RunTab, run: RunView, { live, search, change }: Shares) {
  switch (tab) {
    case 'log':
      return <LogTab run={run} search={search} onSearch={change} />;
    case 'graph':
      return <GraphTab run={run} />;
    case 'timeline':
      return <TimelineTab run={run} />;
    case 'artifacts':
      return <ArtifactsTab run={run} selected={search.artifact} onSelect={(artifact: string | undefined) => { change({ artifact }); }} />;
    case 'data':
      return <DataTab run={run} />;
    case 'events':
      return <EventsTab events={live.events} />;
    case 'why':
      return <WhyTab run={run} />;
    case 'document':
      return <DocumentTab run={run} />;
  }
}
