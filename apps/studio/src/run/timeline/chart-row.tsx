import { ActionIcon } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { type KeyboardEvent, memo } from 'react';

import { StatusBadge, toneOf } from '../../parts/status-badge.js';
import { placeOf, type Span } from './axis.js';
import classes from './timeline.module.css';
import type { TimelineRow } from './timeline.js';

interface ChartRowProps {
  readonly row: TimelineRow;
  readonly text: string;
  readonly shown: Span;
  readonly open: boolean;
  readonly onTurn: (id: string) => void;
  readonly onPoint: (id: string | undefined) => void;
  readonly onNarrow: (span: Span) => void;
  readonly onKey: (event: KeyboardEvent) => void;
}

export const ChartRow = memo(function ChartRow({ row, text, shown, open, onTurn, onPoint, onNarrow, onKey }: ChartRowProps) {
  const { id, label, depth, status, bars, below, kept } = row;
  const [first, last] = [bars[0], bars.at(-1)];
  return (
    <>
      <span className={classes['name']} data-depth={depth}>
        {below === 0 ? (
          <span className={classes['gap']} />
        ) : (
          <ActionIcon
            size="xs"
            variant="subtle"
            color="gray"
            aria-expanded={open}
            aria-label={`Parts of ${label}`}
            onClick={() => {
              onTurn(id);
            }}
          >
            {open ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
          </ActionIcon>
        )}
        <StatusBadge status={status} iconOnly />
        <span className={classes['label']}>{label}</span>
        {kept ? <span className={classes['kept']}>kept</span> : null}
      </span>
      <button
        type="button"
        className={classes['track']}
        aria-label={text}
        data-row={id}
        onMouseEnter={() => {
          onPoint(id);
        }}
        onFocus={() => {
          onPoint(id);
        }}
        onKeyDown={onKey}
        onClick={() => {
          if (first !== undefined && last !== undefined) onNarrow({ from: first.from, to: last.to });
        }}
      >
        {bars.map((bar) => {
          const place = placeOf(bar, shown);
          return place === undefined ? null : (
            <span key={`${bar.kind} ${String(bar.from)}`} className={classes['bar']} data-kind={bar.kind} data-tone={toneOf(status)} data-depth={depth} style={{ left: `${String(place.left)}%`, width: `${String(place.width)}%` }} />
          );
        })}
      </button>
    </>
  );
});
