import { Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useRef, useState } from 'react';

import { durationText } from '../../parts/durations.js';
import { placeOf, type Span, ticksOf } from './axis.js';
import { ChartRow } from './chart-row.js';
import { rowText } from './row-text.js';
import classes from './timeline.module.css';
import type { TimelineRow } from './timeline.js';

interface TimelineChartProps {
  readonly rows: readonly TimelineRow[];
  /** When the run was made. */
  readonly start: number;
  readonly shown: Span;
  readonly isOpen: (row: TimelineRow) => boolean;
  readonly onTurn: (id: string) => void;
  readonly onNarrow: (span: Span) => void;
}

const ROW_HEIGHT = 28;
/** A mark of the axis has its text beside it. */
const TICK_WIDTH = 90;
/** In percent. A text further right would be cut off. */
const LAST_TEXT = 94;

/** Rows of bars on one axis. Only the rows in sight are drawn; the one that is pointed at says its numbers below. */
export function TimelineChart({ rows, start, shown, isOpen, onTurn, onNarrow }: TimelineChartProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const { ref: axis, width } = useElementSize();
  const [pointed, setPointed] = useState<string>();
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroll.current, estimateSize: () => ROW_HEIGHT, overscan: 12, getItemKey: (index) => rows[index]?.id ?? index });
  const ticks = ticksOf(shown, start, Math.max(2, Math.floor(width / TICK_WIDTH)));
  const row = rows.find(({ id }) => id === pointed);
  const move = (event: KeyboardEvent, index: number): void => {
    const next = event.key === 'ArrowDown' ? index + 1 : event.key === 'ArrowUp' ? index - 1 : undefined;
    const id = next === undefined ? undefined : rows[next]?.id;
    if (next === undefined || id === undefined) return;
    event.preventDefault();
    virtual.scrollToIndex(next);
    requestAnimationFrame(() => scroll.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)?.focus());
  };
  return (
    <div className={classes['chart']} data-ready>
      <div className={classes['head']} aria-hidden>
        <span />
        <div className={classes['axis']} ref={axis}>
          {ticks.map((tick) => {
            const left = placeOf({ from: start + tick, to: start + tick }, shown)?.left ?? 0;
            return (
              <span key={tick} className={classes['tick']} style={{ left: `${String(left)}%` }}>
                {left > LAST_TEXT ? '' : tick === 0 ? '0' : durationText(tick)}
              </span>
            );
          })}
        </div>
      </div>
      <div className={classes['scroll']} ref={scroll} tabIndex={0} role="group" aria-label="Jobs and steps with their times">
        <ul className={classes['rows']} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start: top, key }) => {
            const each = rows[index];
            return each === undefined ? null : (
              <li key={key} className={classes['row']} style={{ top, height: ROW_HEIGHT }} data-pointed={pointed === each.id || undefined}>
                <ChartRow
                  row={each}
                  text={rowText(each, start)}
                  shown={shown}
                  open={isOpen(each)}
                  onTurn={onTurn}
                  onPoint={setPointed}
                  onNarrow={onNarrow}
                  onKey={(event) => {
                    move(event, index);
                  }}
                />
              </li>
            );
          })}
        </ul>
      </div>
      <Text size="sm" className={classes['readout']} c={row === undefined ? 'dimmed' : 'inherit'} aria-hidden>
        {row === undefined ? 'Point at a row to see its numbers.' : rowText(row, start)}
      </Text>
    </div>
  );
}
