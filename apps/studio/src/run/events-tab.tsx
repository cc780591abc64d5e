import { Text } from '@mantine/core';
import type { RunEventView } from '@kb-labs/contracts/http';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef, useState, useSyncExternalStore } from 'react';

import { JsonView } from '../parts/json-view.js';
import { Pending } from '../parts/pending.js';
import { Time } from '../parts/time.js';
import type { EventLog } from './event-log.js';
import classes from './run.module.css';

/** Everything that has happened to a run, as its journal says it. */
export function EventsTab({ events: log }: { readonly events: EventLog }) {
  useSyncExternalStore(log.subscribe, () => log.version);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: log.events.length, getScrollElement: () => scroller.current, estimateSize: () => 31, overscan: 15 });
  if (log.events.length === 0) return <Pending />;
  return (
    <>
      <Text size="sm" c="dimmed">
        {log.events.length} events, the first at the top. Each opens to show all it says.
      </Text>
      <div ref={scroller} className={classes['scroll']} tabIndex={0} role="region" aria-label="Events">
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const event = log.events[index];
            if (event === undefined) return null;
            return (
              <div key={event.seq} ref={rows.measureElement} data-index={index} className={classes['event']} style={{ position: 'absolute', top: 0, left: 0, right: 0, transform: `translateY(${String(start)}px)` }}>
                <Event
                  event={event}
                  open={open.has(event.seq)}
                  onTurn={() => {
                    setOpen((known) => known.symmetricDifference(new Set([event.seq])));
                  }}
                />
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}

function Event({ event, open, onTurn }: { readonly event: RunEventView; readonly open: boolean; readonly onTurn: () => void }) {
  return (
    <>
      <button type="button" className={classes['summary']} aria-expanded={open} onClick={onTurn}>
        <span className={classes['seq']}>{event.seq}</span>
        <span>
          <b>{event.type}</b>
        </span>
        <span className={classes['when']}>
          <Time at={event.at} />
        </span>
        <span className={classes['what']}>{eventText(event)}</span>
      </button>
      {open ? <JsonView label={`Event ${String(event.seq)}`} value={event} /> : null}
    </>
  );
}

/** Where it happened and how it came out, in a few words. */
function eventText(event: RunEventView): string {
  const { job, step, status, attempt, stepAttempt, by } = event;
  const at = typeof job === 'string' ? (typeof step === 'string' ? `${job} / ${step}` : job) : '';
  const tries = typeof stepAttempt === 'number' ? stepAttempt : attempt;
  return [at, typeof status === 'string' ? status : '', typeof tries === 'number' && tries > 1 ? `attempt ${String(tries)}` : '', typeof by === 'string' ? `by ${by}` : ''].filter((part) => part !== '').join(', ');
}
