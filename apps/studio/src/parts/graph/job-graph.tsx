import { Group, SegmentedControl, Text } from '@mantine/core';
import { useElementSize, useLocalStorage } from '@mantine/hooks';
import { lazy, Suspense, useMemo } from 'react';

import { Empty } from '../empty.js';
import { Pending } from '../pending.js';
import type { GraphNode } from './graph-node.js';
import classes from './job-graph.module.css';
import { NodeList } from './node-list.js';

interface JobGraphProps {
  readonly nodes: readonly GraphNode[];
  /** Says what the graph is of. */
  readonly label: string;
  readonly onOpen?: (id: string) => void;
  readonly selected?: string | undefined;
  /** In pixels. By the number of nodes when left out. */
  readonly height?: number;
}

const loadCanvas = () => import('./flow-canvas.js').then(({ FlowCanvas: component }) => ({ default: component }));
const FlowCanvas = lazy(loadCanvas);
// Asked for at once: the jobs are still being fetched, and the place has to be measured first.
void loadCanvas().catch(() => undefined);

/** Jobs and what needs what, as a graph or as a list. */
export function JobGraph({ nodes, label, onOpen, selected, height = heightFor(nodes.length) }: JobGraphProps) {
  const [shown, setShown] = useLocalStorage<'graph' | 'list'>({ key: 'studio-graph', defaultValue: 'graph', getInitialValueInEffect: false });
  const { ref, width } = useElementSize();
  const size = useMemo(() => ({ width, height }), [width, height]);
  if (nodes.length === 0) return <Empty title="No jobs">There is nothing to draw.</Empty>;
  return (
    <section aria-label={label} className={classes['frame']}>
      <Group justify="space-between" px="sm" py={6} className={classes['bar']}>
        <Text size="sm" c="dimmed">
          {nodes.length === 1 ? '1 job' : `${String(nodes.length)} jobs`}
        </Text>
        <SegmentedControl
          size="xs"
          aria-label="How the jobs are shown"
          value={shown}
          onChange={(value) => {
            setShown(value === 'list' ? 'list' : 'graph');
          }}
          data={[
            { value: 'graph', label: 'Graph' },
            { value: 'list', label: 'Show as list' },
          ]}
        />
      </Group>
      {shown === 'list' ? (
        <NodeList nodes={nodes} label={label} onOpen={onOpen} selected={selected} />
      ) : (
        <div ref={ref} style={{ height }}>
          {width === 0 ? null : (
            <Suspense fallback={<Pending />}>
              <FlowCanvas nodes={nodes} label={label} onOpen={onOpen} selected={selected} size={size} />
            </Suspense>
          )}
        </div>
      )}
    </section>
  );
}

function heightFor(nodes: number): number {
  return Math.min(560, 240 + 24 * nodes);
}
