import { Button, Center, Stack } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import { useEffect, useRef } from 'react';

import { Problem } from '../parts/problem.js';
import type { LiveRuns } from './use-runs.js';

/** The way to older runs. Once somebody has asked for them, more come as the end of the list comes into sight. */
export function OlderRuns({ list, found }: { readonly list: LiveRuns; readonly found: number }) {
  const { ref, entry } = useIntersection({ rootMargin: '200px' });
  const last = useRef(-1);
  const { pages, loading, loadOlder, olderProblem } = list;
  const inSight = entry?.isIntersecting === true;
  const goesOn = (pages?.older?.length ?? 0) > 0 && !loading && olderProblem === undefined;
  useEffect(() => {
    // Not again when the page before brought nothing: looking through all history is for somebody to ask for.
    if (!inSight || !goesOn || last.current === found) return;
    last.current = found;
    loadOlder();
  });
  if (pages === undefined || pages.next === null) return null;
  return (
    <Stack gap="xs">
      {olderProblem === undefined ? null : <Problem thrown={olderProblem} />}
      <Center ref={ref}>
        <Button variant="default" loading={loading} onClick={loadOlder}>
          {found === 0 ? 'Look further back' : 'Older runs'}
        </Button>
      </Center>
    </Stack>
  );
}
