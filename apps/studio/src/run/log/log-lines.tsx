import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef } from 'react';

import { LogLine, type LineTimes } from './log-line.js';
import type { LineRange } from './line-range.js';
import type { Source } from './log-store.js';
import type { LogView } from './log-view.js';
import type { LogStore } from './log-store.js';
import type { Finder } from './search-log.js';
import classes from './log.module.css';

/** As high as something has to be to be clicked easily (WCAG 2.2, target size). */
const ROW = 24;
/** So near the end counts as the end. */
const NEAR = 30;

export interface LogLinesProps {
  readonly store: LogStore;
  readonly view: LogView;
  readonly version: number;
  readonly named: boolean;
  readonly times: LineTimes;
  readonly wrap: boolean;
  readonly finder: Finder | null;
  readonly range: LineRange | undefined;
  /** The index in the store of the hit that was gone to. */
  readonly hit: number | null;
  readonly follow: boolean;
  readonly onFollow: (follow: boolean) => void;
  /** A row to bring into sight; another `key` brings it again. */
  readonly goTo: { readonly row: number; readonly key: string } | null;
  readonly hrefOf: (source: Source, n: number) => string;
  readonly onChoose: (source: Source, n: number, range: boolean) => void;
}

/** The lines, of which only those in sight are made, however many there are. */
export function LogLines({ store, view, named, times, wrap, finder, range, hit, follow, onFollow, goTo, hrefOf, onChoose }: LogLinesProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const top = useRef(0);
  const count = view.length;
  const rows = useVirtualizer({ count, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 10, getItemKey: (index) => index });
  useLayoutEffect(() => {
    // Heights that were measured while lines were wrapped are not theirs any more.
    rows.measure();
  }, [wrap, rows]);
  useLayoutEffect(() => {
    const { current } = scroller;
    if (!follow || current === null) return;
    current.scrollTop = current.scrollHeight;
    top.current = current.scrollTop;
  });
  useEffect(() => {
    if (goTo !== null) rows.scrollToIndex(goTo.row, { align: 'center' });
    // Again only for another place: lines that come do not pull it back.
  }, [goTo?.key, rows]);
  return (
    <div
      ref={scroller}
      className={`${classes['scroller'] ?? ''} ${wrap ? (classes['wrapped'] ?? '') : ''}`}
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label="Log"
      data-lines={count}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        if (scrollTop < top.current - 2 && follow) onFollow(false);
        else if (!follow && scrollTop > top.current && scrollHeight - scrollTop - clientHeight < NEAR) onFollow(true);
        top.current = scrollTop;
      }}
    >
      <div className={classes['canvas']} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const line = view.lineAt(index);
          const source = line === undefined ? undefined : store.sources[line.source];
          if (line === undefined || source === undefined) return null;
          return (
            <div key={index} className={classes['place']} data-index={index} {...(wrap ? { ref: rows.measureElement } : {})} style={{ transform: `translateY(${String(start)}px)` }}>
              <LogLine
                line={line}
                source={source}
                before={index === 0 ? undefined : view.lineAt(index - 1)}
                named={named}
                first={named && index === rows.range?.startIndex}
                times={times}
                finder={finder}
                chosen={range !== undefined && !named && line.n >= range.first && line.n <= range.last}
                current={hit !== null && view.indexAt(index) === hit}
                href={hrefOf(source, line.n)}
                onChoose={onChoose}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}
