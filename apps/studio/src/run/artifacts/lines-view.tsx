import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useMemo, useRef } from 'react';

import { piecesOf } from '../log/ansi.js';
import logClasses from '../log/log.module.css';
import classes from './artifacts.module.css';

const LINE_HEIGHT = 20;
/** A bar that moves lines sideways takes a place of its own. */
const BAR_HEIGHT = 18;
/** What is longer is no line to be read, and would stand in the way of all others. */
const LONGEST = 10_000;

/** Text line by line, with the colours a terminal would give it. Only the lines in sight are drawn. */
export function LinesView({ text, label }: { readonly text: string; readonly label: string }) {
  const lines = useMemo(() => text.replace(/\r?\n$/, '').split(/\r?\n/), [text]);
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => scroll.current, estimateSize: () => LINE_HEIGHT, overscan: 20 });
  return (
    <div ref={scroll} className={`${logClasses['scroller'] ?? ''} ${classes['lines'] ?? ''}`} tabIndex={0} role="group" aria-label={label} style={{ height: lines.length * LINE_HEIGHT + BAR_HEIGHT }}>
      <div className={logClasses['canvas']} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => (
          <div key={index} className={logClasses['place']} style={{ top: start, height: LINE_HEIGHT }}>
            <Line n={index + 1} text={lines[index] ?? ''} />
          </div>
        ))}
      </div>
    </div>
  );
}

const Line = memo(function Line({ n, text }: { readonly n: number; readonly text: string }) {
  const rest = text.length - LONGEST;
  return (
    <div className={logClasses['line']}>
      <span className={logClasses['number']} aria-hidden>
        {n}
      </span>
      <span>
        {piecesOf(text.slice(0, LONGEST), []).map(({ text: piece, looks, color, background }, index) => (
          <span key={index} className={looks.map((look) => logClasses[look] ?? '').join(' ')} style={{ ...(color === undefined ? {} : { color: readable(color) }), ...(background === undefined ? {} : { background: pale(background) }) }}>
            {piece}
          </span>
        ))}
        {rest > 0 ? <i>{` ⋯ ${String(rest)} more characters`}</i> : null}
      </span>
    </div>
  );
});

/** A program chose its colours for a terminal it did not know: a part of them is enough to tell them apart, the rest is what is read well here. */
function readable(color: string): string {
  return `color-mix(in srgb, ${color} 40%, var(--mantine-color-text))`;
}

function pale(color: string): string {
  return `color-mix(in srgb, ${color} 20%, var(--sunken))`;
}
