import { Button, Group, Text } from '@mantine/core';
import { useClipboard, useDebouncedCallback, useHotkeys, useLocalStorage } from '@mantine/hooks';
import { isTerminalRun, type RunView } from '@kb-labs/contracts';
import { useCallback, useMemo, useRef, useState } from 'react';

import { BASE_PATH } from '../../app/place.js';
import { stringifySearch } from '../../app/search-text.js';
import type { RunSearch } from '../../app/searches.js';
import { Pending } from '../../parts/pending.js';
import { Problem } from '../../parts/problem.js';
import { jobsOf } from './group-jobs.js';
import { extendTo, readLineRange, writeLineRange } from './line-range.js';
import { LogBar } from './log-bar.js';
import { LogLines } from './log-lines.js';
import type { LineTimes } from './log-line.js';
import type { Source } from './log-store.js';
import { logText, saveText } from './log-text.js';
import { LogView } from './log-view.js';
import classes from './log.module.css';
import { NoLines } from './no-lines.js';
import { plainText } from './plain-text.js';
import { finderOf } from './search-log.js';
import { StepList } from './step-list.js';
import { useTop } from './use-top.js';
import { useHits } from './use-hits.js';
import { useLog } from './use-log.js';
import { useLogSearch } from './use-log-search.js';

interface LogTabProps {
  readonly run: RunView;
  readonly search: RunSearch;
  readonly onSearch: (change: { readonly [Key in 'job' | 'step' | 'line' | 'q']?: RunSearch[Key] | undefined }) => void;
}

/** What a run prints, as it is printed. */
export function LogTab({ run, search, onSearch }: LogTabProps) {
  const { store, version, loaded, problem, retry } = useLog(run.id);
  const { job, step } = search;
  const jobs = job === undefined ? null : jobsOf(run.jobs, job).join('\n');
  const view = useMemo(() => new LogView(store, jobs === null ? {} : { jobs: jobs.split('\n'), ...(step === undefined ? {} : { step }) }), [store, jobs, step]);
  const [times, setTimes] = useLocalStorage<LineTimes>({ key: 'studio-log-times', defaultValue: 'none' });
  const [wrap, setWrap] = useLocalStorage({ key: 'studio-log-wrap', defaultValue: false });
  const [follow, setFollow] = useState(() => !isTerminalRun(run.status) && search.line === undefined);
  const [text, setText] = useState(search.q ?? '');
  const [regex, setRegex] = useState(false);
  const query = useMemo(() => ({ text, regex }), [text, regex]);
  const finder = useMemo(() => finderOf(query), [query]);
  const found = useLogSearch(store, version, query);
  const hits = useHits(found?.search ?? null, view);
  // The address need not change with every letter.
  const writeQuery = useDebouncedCallback((next: string) => { onSearch({ q: next === '' ? undefined : next }); }, 300);
  const searchRef = useRef<HTMLInputElement>(null);
  const clipboard = useClipboard();
  const [tabRef, top] = useTop();

  const range = job === undefined || step === undefined ? undefined : readLineRange(search.line);
  const [clicked, setClicked] = useState('');
  const lineKey = range === undefined ? '' : `${job ?? ''}\n${step ?? ''}\n${String(range.first)}`;
  const lineRow = range === undefined || clicked === lineKey ? -1 : view.rowOfNumber(range.first);
  const goTo = hits.place ?? (lineRow === -1 ? null : { row: lineRow, key: lineKey });

  const latest = useRef({ range, step, job, onSearch });
  latest.current = { range, step, job, onSearch };
  const choose = useCallback((source: Source, n: number, extend: boolean) => {
    const known = latest.current;
    const same = known.job === source.job && known.step === source.step;
    const next = same && extend ? extendTo(known.range, n) : { first: n, last: n };
    setFollow(false);
    // It is in sight already, unless the other steps go away around it.
    setClicked(same ? `${source.job}\n${source.step}\n${String(next.first)}` : '');
    known.onSearch({ job: source.job, step: source.step, line: writeLineRange(next) });
  }, []);
  const chooseStep = useCallback((choice: { readonly job: string | undefined; readonly step: string | undefined }) => {
    latest.current.onSearch({ ...choice, line: undefined });
  }, []);
  const searched = found?.search;
  const hitCount = searched?.hits.length ?? 0;
  // Hits come to the search in place: their number says that there are more.
  const hitsOf = useMemo(() => (searched === undefined ? undefined : (ofJob: string, ofStep: string) => searched.hitsOf[store.sourceIndex(ofJob, ofStep) ?? -1] ?? 0), [searched, store, hitCount]);
  const hrefOf = useCallback((source: Source, n: number) => `${BASE_PATH}runs/${run.id}${stringifySearch({ tab: 'log', job: source.job, step: source.step, line: n })}`, [run.id]);
  const move = (by: 1 | -1): void => {
    setFollow(false);
    hits.move(by);
  };
  useHotkeys([
    ['/', () => { searchRef.current?.focus(); searchRef.current?.select(); }],
    ['n', () => { move(1); }],
    ['shift+n', () => { move(-1); }],
    ['f', () => { setFollow((now) => !now); }],
  ]);
  const copyLines = (): void => {
    if (range === undefined) return;
    const from = view.rowOfNumber(range.first);
    const chosen = Array.from({ length: range.last - range.first + 1 }, (_, index) => view.lineAt(from + index)).filter((line) => line !== undefined && line.n <= range.last);
    clipboard.copy(chosen.map((line) => plainText(line?.text ?? '')).join('\n'));
  };
  const named = step === undefined;
  return (
    <div ref={tabRef} className={classes['tab']} style={{ height: `max(26rem, calc(100dvh - ${String(top + 16)}px))` }}>
      <div className={classes['steps']} tabIndex={0} role="region" aria-label="Steps">
        <StepList
          run={run}
          job={job}
          step={step}
          hitsOf={hitsOf}
          onChoose={chooseStep}
        />
      </div>
      <section className={classes['log']} aria-label="Lines">
        <LogBar
          searchRef={searchRef}
          text={text}
          onText={(next) => { setText(next); hits.clear(); writeQuery(next); }}
          regex={regex}
          onRegex={(next) => { setRegex(next); hits.clear(); }}
          wrong={text !== '' && finder === null}
          found={found === null ? null : { here: hits.here, all: found.search.hits.length, at: hits.at, busy: found.busy }}
          onMove={move}
          onWiden={job === undefined ? null : () => { onSearch({ job: undefined, step: undefined, line: undefined }); }}
          times={times}
          onTimes={setTimes}
          wrap={wrap}
          onWrap={setWrap}
          follow={follow}
          onFollow={setFollow}
          onDownload={(what) => {
            const shown = what === 'shown' ? view : new LogView(store, {});
            saveText(`${run.id}${what === 'shown' && job !== undefined ? `-${[job, step ?? ''].join('-').replaceAll(/[^\w-]+/g, '_')}` : ''}.log`, logText(store, shown, { times, named: what === 'all' || named }));
          }}
        />
        {range === undefined ? null : (
          <Group gap="xs" className={classes['notice']}>
            <Text size="xs">{range.first === range.last ? `Line ${String(range.first)}` : `Lines ${writeLineRange(range)}`}. The address of this page leads here; with Shift, another line makes it a range.</Text>
            <Button size="compact-xs" variant="default" onClick={copyLines}>
              {clipboard.copied ? 'Copied' : 'Copy'}
            </Button>
            <Button size="compact-xs" variant="subtle" color="gray" onClick={() => { onSearch({ line: undefined }); }}>
              Clear
            </Button>
          </Group>
        )}
        {store.full ? (
          <Text size="xs" className={classes['notice']} role="status">
            The log goes on, but this page keeps no more than this of it. All of it: <code>kb workflow:logs --run-id={run.id}</code>
          </Text>
        ) : null}
        {problem === undefined ? null : <Problem thrown={problem} retry={retry} />}
        {view.length > 0 ? (
          <LogLines store={store} view={view} version={version} named={named} times={times} wrap={wrap} finder={finder} range={range} hit={hits.hit} follow={follow} onFollow={setFollow} goTo={goTo} hrefOf={hrefOf} onChoose={choose} />
        ) : loaded ? (
          <NoLines run={run} step={step} job={job} />
        ) : problem === undefined ? (
          <Pending />
        ) : null}
      </section>
    </div>
  );
}
