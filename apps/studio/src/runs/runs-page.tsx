import { Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useRef, useState } from 'react';

import { changeSearch } from '../app/change-search.js';
import { Page } from '../parts/page.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { BulkBar } from './bulk-bar.js';
import { NoRuns } from './no-runs.js';
import { OlderRuns } from './older-runs.js';
import { runsOf } from './run-pages.js';
import { RunsFilters } from './runs-filters.js';
import { RunsTable } from './runs-table.js';
import { NOTHING, selectRange, toggle, toggleAll } from './selection.js';
import { useRuns } from './use-runs.js';

/** All runs that are asked for, the newest as they are now. */
export function RunsPage() {
  const search = useSearch({ from: '/runs' });
  const navigate = useNavigate({ from: '/runs' });
  const list = useRuns(search);
  const runs = useMemo(() => (list.pages === undefined ? [] : runsOf(list.pages)), [list.pages]);
  const [selection, setSelection] = useState(NOTHING);
  const [current, setCurrent] = useState<string | null>(null);
  const searchRef = useRef<HTMLInputElement>(null);
  const order = useMemo(() => runs.map(({ id }) => id), [runs]);
  const chosen = runs.filter(({ id }) => selection.ids.has(id));

  const open = useCallback((id: string) => void navigate({ to: '/runs/$id', params: { id } }), [navigate]);
  const choose = useCallback(
    (id: string, range: boolean) => {
      setSelection((known) => (range ? selectRange(known, order, id) : toggle(known, id)));
    },
    [order],
  );
  const move = (by: number): void => {
    const at = current === null ? -1 : order.indexOf(current);
    const next = order[at === -1 ? 0 : Math.min(Math.max(at + by, 0), order.length - 1)];
    if (next !== undefined) setCurrent(next);
  };
  const keys: readonly (readonly [string, () => void])[] = [
    ['j', () => { move(1); }],
    ['k', () => { move(-1); }],
    ['x', () => { if (current !== null) choose(current, false); }],
    ['shift+x', () => { if (current !== null) choose(current, true); }],
    ['Escape', () => { setSelection(NOTHING); }],
    ['/', () => { searchRef.current?.focus(); searchRef.current?.select(); }],
  ];
  useHotkeys([
    ...keys.map(([key, act]): [string, () => void] => [key, () => { if (!isAsking()) act(); }]),
    // On a link or a button it does what that does.
    ['Enter', ({ target }) => { if (current !== null && !isAsking() && !((target as Element | null)?.closest('a, button') instanceof Element)) open(current); }, { preventDefault: false }],
  ]);

  return (
    <Page title="Runs" subtitle={list.pages === undefined ? undefined : <Counted shown={runs.length} more={list.pages.next !== null} />}>
      <RunsFilters search={search} searchRef={searchRef} onChange={(change) => void navigate({ search: (known) => changeSearch(known, change), replace: true })} />
      {list.problem === undefined ? null : <Problem thrown={list.problem} retry={list.retry} />}
      {list.pages === undefined ? (
        list.problem === undefined ? <Pending /> : null
      ) : (
        <>
          {runs.length === 0 ? (
            <NoRuns pages={list.pages} filtered={Object.keys(search).length > 0} />
          ) : (
            <RunsTable runs={runs} chosen={selection.ids} current={current} stale={list.stale} onChoose={choose} onChooseAll={() => { setSelection(toggleAll(selection, order)); }} onOpen={open} />
          )}
          <OlderRuns list={list} found={runs.length} />
        </>
      )}
      {chosen.length === 0 ? null : <BulkBar runs={chosen} onClear={() => { setSelection(NOTHING); }} />}
    </Page>
  );
}

/** A dialog is open: keys are for it. */
function isAsking(): boolean {
  return document.querySelector('[role=dialog]') !== null;
}

function Counted({ shown, more }: { readonly shown: number; readonly more: boolean }) {
  if (shown === 0) return null;
  return (
    <Text size="sm" c="dimmed" aria-live="polite">
      {shown}
      {more ? '+' : ''} {shown === 1 && !more ? 'run' : 'runs'}, the newest first
    </Text>
  );
}
