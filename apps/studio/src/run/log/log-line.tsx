import { memo, type MouseEvent } from 'react';

import { durationText } from '../../parts/durations.js';
import { piecesOf } from './ansi.js';
import type { Source, StoredLine } from './log-store.js';
import classes from './log.module.css';
import { plainText } from './plain-text.js';
import { readableColour } from './readable-colour.js';
import type { Finder } from './search-log.js';

export type LineTimes = 'none' | 'clock' | 'since';

interface LogLineProps {
  readonly line: StoredLine;
  readonly source: Source;
  /** The line above of the same step, where that is in sight of the eye: says whether numbers are missing and whether a new attempt begins. */
  readonly before: StoredLine | undefined;
  /** Whether to say which step printed it. */
  readonly named: boolean;
  /** The first in sight. */
  readonly first: boolean;
  readonly times: LineTimes;
  readonly finder: Finder | null;
  readonly chosen: boolean;
  /** The hit that was gone to. */
  readonly current: boolean;
  readonly href: string;
  readonly onChoose: (source: Source, n: number, range: boolean) => void;
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 });

export const LogLine = memo(function LogLine({ line, source, before, named, first, times, finder, chosen, current, href, onChoose }: LogLineProps) {
  const missing = before === undefined ? 0 : line.n - before.n - 1;
  const mark = markOf(line);
  return (
    <div className={classes['line']} data-stream={line.stream} data-level={line.level} data-chosen={chosen || undefined} data-current={current || undefined} data-n={line.n}>
      <a
        className={classes['number']}
        href={href}
        aria-label={`Line ${String(line.n)} of ${source.job}, ${source.step}`}
        onClick={(event: MouseEvent) => {
          if (event.metaKey || event.ctrlKey) return;
          event.preventDefault();
          onChoose(source, line.n, event.shiftKey);
        }}
      >
        {line.n}
      </a>
      {times === 'none' ? null : <span className={classes['time']}>{times === 'clock' ? CLOCK.format(line.at) : `+${durationText(line.at - source.beganAt)}`}</span>}
      {named ? (
        <span className={classes['source']} title={`${source.job} / ${source.step}`}>
          {first || before === undefined || before.source !== line.source ? `${source.job} / ${source.step}` : ''}
        </span>
      ) : null}
      {mark === null ? null : <span className={classes['mark']}>{mark}</span>}
      <span className={classes['text']}>
        {missing > 0 && before?.source === line.source ? <i className={classes['gap']}>{`⋯ ${String(missing)} ${missing === 1 ? 'line is' : 'lines are'} missing here ⋯ `}</i> : null}
        {before?.source === line.source && before.attempt !== line.attempt ? <i className={classes['gap']}>{`attempt ${String(line.attempt)} ⋯ `}</i> : null}
        {piecesOf(line.text, finder === null ? [] : finder(plainText(line.text))).map(({ text, looks, color, background, hit }, index) => {
          const names = [...looks.map((look) => classes[look] ?? ''), hit ? (classes['hit'] ?? '') : ''].filter((name) => name !== '').join(' ');
          if (names === '' && color === undefined && background === undefined) return text;
          return (
            <span key={index} className={names} style={{ ...(color === undefined ? {} : { color: readableColour(color) }), ...(background === undefined ? {} : { background: `color-mix(in srgb, ${background} 14%, transparent)` }) }}>
              {text}
            </span>
          );
        })}
      </span>
    </div>
  );
});

function markOf({ stream, level }: StoredLine): string | null {
  if (stream === 'stdout') return null;
  if (stream === 'stderr') return 'err';
  if (stream === 'engine') return 'engine';
  return level;
}
