import { Tooltip } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';

import { distanceText, durationText } from './durations.js';
import { useNow } from './now.js';

/** Whether times are shown as distances or as they are; kept in the browser. Each shows the other when it is pointed at. */
export function useTimeStyle(): readonly ['relative' | 'absolute', (style: 'relative' | 'absolute') => void] {
  const [style, setStyle] = useLocalStorage<'relative' | 'absolute'>({ key: 'studio-times', defaultValue: 'relative' });
  return [style, setStyle];
}

const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** An instant (ISO 8601). `null` is what has not happened. */
export function Time({ at }: { readonly at: string | null }) {
  const now = useNow();
  const [style] = useTimeStyle();
  if (at === null) return <span>–</span>;
  const instant = Date.parse(at);
  const [relative, absolute] = [distanceText(instant, now), FULL.format(instant)];
  return (
    <Tooltip label={style === 'relative' ? `${absolute} (${at})` : relative}>
      <time dateTime={at} tabIndex={-1}>
        {style === 'relative' ? relative : absolute}
      </time>
    </Tooltip>
  );
}

/** How long something took, or has taken so far. */
export function Duration({ from, to }: { readonly from: string | null; readonly to: string | null }) {
  if (from === null) return <span>–</span>;
  return to === null ? <Running from={from} /> : <span>{durationText(Date.parse(to) - Date.parse(from))}</span>;
}

function Running({ from }: { readonly from: string }) {
  return <span>{durationText(useNow() - Date.parse(from))}</span>;
}
