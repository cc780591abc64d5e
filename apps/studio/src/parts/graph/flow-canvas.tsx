import '@xyflow/react/dist/base.css';

import { useComputedColorScheme } from '@mantine/core';
import { Controls, MiniMap, type Node, type NodeProps, ReactFlow, type ReactFlowInstance, ViewportPortal } from '@xyflow/react';
import { createContext, type KeyboardEvent, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react';

import { toneOf } from '../status-badge.js';
import { firstView, MIN_ZOOM, READABLE_ZOOM } from './first-view.js';
import { type GraphNode, NODE_HEIGHT, NODE_WIDTH } from './graph-node.js';
import classes from './job-graph.module.css';
import { JobNode } from './job-node.js';
import { type Layout, pathOf } from './layout.js';
import { layoutGraph } from './layout-graph.js';
import { neighbourOf } from './neighbour.js';

interface FlowCanvasProps {
  readonly nodes: readonly GraphNode[];
  readonly label: string;
  readonly onOpen?: ((id: string) => void) | undefined;
  readonly selected?: string | undefined;
  /** Of the place it is drawn in, in pixels. */
  readonly size: { readonly width: number; readonly height: number };
}

/** From here on a map of the whole is shown in the corner. */
const MAPPED = 40;

interface Live {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly selected: string | undefined;
  readonly small: boolean;
  readonly reached: string | undefined;
  readonly onOpen: ((id: string) => void) | undefined;
  readonly onReach: (id: string) => void;
  readonly onKey: (event: KeyboardEvent, id: string) => void;
}

/** What changes while a run goes on goes around the graph library: for it nothing does, until a node comes or goes. */
const LiveContext = createContext<Live | undefined>(undefined);

function LiveNode({ id }: NodeProps) {
  const live = useContext(LiveContext);
  const node = live?.nodes.get(id);
  if (live === undefined || node === undefined) return null;
  return <JobNode node={node} selected={live.selected === id} small={live.small} reached={live.reached === id} onOpen={live.onOpen} onReach={live.onReach} onKey={live.onKey} />;
}

const NODE_TYPES = { job: LiveNode };

export function FlowCanvas({ nodes, label, onOpen, selected, size }: FlowCanvasProps) {
  const shape = JSON.stringify(nodes.map(({ id, needs }) => [id, needs]));
  const layout = useMemo(() => layoutGraph((JSON.parse(shape) as [string, string[]][]).map(([id, needs]) => ({ id, needs }))), [shape]);
  const placed = useMemo(() => placedNodes(layout), [layout]);
  const byId = useMemo(() => new Map(nodes.map((node) => [node.id, node])), [nodes]);
  const scheme = useComputedColorScheme();
  const frame = useRef<HTMLDivElement>(null);
  const flow = useRef<ReactFlowInstance>(null);
  const moved = useRef(false);
  const [chosen, setChosen] = useState<string>();
  const [view] = useState(() => firstView(layout, size));
  const [small, setSmall] = useState(view.zoom < READABLE_ZOOM);
  const reached = [chosen, selected].find((id) => id !== undefined && byId.has(id)) ?? layout.nodes.keys().next().value;

  const onKey = useCallback(
    (event: KeyboardEvent, id: string) => {
      const next = neighbourOf(id, event.key, layout);
      const at = next === undefined ? undefined : layout.nodes.get(next);
      if (next === undefined || at === undefined) return;
      event.preventDefault();
      setChosen(next);
      void bringIntoView(flow.current, at, size).then(() => {
        // A node out of sight is drawn only once the view has moved.
        requestAnimationFrame(() => frame.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(next)}"]`)?.focus({ preventScroll: true }));
      });
    },
    [layout, size],
  );
  const live = useMemo(() => ({ nodes: byId, selected, small, reached, onOpen, onReach: setChosen, onKey }), [byId, selected, small, reached, onOpen, onKey]);
  useEffect(() => {
    moved.current = false;
  }, [layout]);
  useEffect(() => {
    const at = selected === undefined ? undefined : layout.nodes.get(selected);
    // The whole, also in a place that has become narrower; once the reader has moved it, no more than what they have opened.
    if (!moved.current) void flow.current?.setViewport(firstView(layout, size));
    else if (at !== undefined) void bringIntoView(flow.current, at, size);
  }, [selected, layout, size]);

  const keepView = (): void => {
    moved.current = true;
  };
  return (
    <div ref={frame} className={classes['canvas']} data-small={small || undefined} data-graph={nodes.length}>
      <LiveContext value={live}>
        <ReactFlow
          aria-label={label}
          role="group"
          width={size.width}
          height={size.height}
          colorMode={scheme}
          nodes={placed}
          nodeTypes={NODE_TYPES}
          defaultViewport={view}
          minZoom={MIN_ZOOM}
          maxZoom={1.5}
          onInit={(instance) => {
            flow.current = instance;
          }}
          onMove={(event, { zoom }) => {
            if (event !== null) moved.current = true;
            setSmall(zoom < READABLE_ZOOM);
          }}
          onlyRenderVisibleElements
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          disableKeyboardA11y
          zoomOnDoubleClick={false}
          preventScrolling
          panOnScroll={false}
          deleteKeyCode={null}
          selectionKeyCode={null}
          multiSelectionKeyCode={null}
        >
          <Arrows layout={layout} selected={selected} />
          <Controls showInteractive={false} aria-label="Zoom" fitViewOptions={{ padding: 0.05 }} onZoomIn={keepView} onZoomOut={keepView} />
          {nodes.length > MAPPED ? <MiniMap pannable zoomable ariaLabel="Map of the graph" nodeColor={({ id }) => colourOf(byId.get(id))} nodeStrokeWidth={0} nodeBorderRadius={8} /> : null}
        </ReactFlow>
      </LiveContext>
    </div>
  );
}

/** All arrows are two paths: as elements of their own, a thousand of them would take longer than the nodes. */
function Arrows({ layout, selected }: { readonly layout: Layout; readonly selected: string | undefined }) {
  const all = useMemo(() => layout.arrows.map(({ points }) => pathOf(points)).join(''), [layout]);
  const near = useMemo(() => (selected === undefined ? '' : layout.arrows.filter(({ from, to }) => from === selected || to === selected).map(({ points }) => pathOf(points)).join('')), [layout, selected]);
  return (
    <ViewportPortal>
      <svg className={classes['arrows']} width={layout.width} height={layout.height} aria-hidden>
        <path d={all} />
        {near === '' ? null : <path d={near} data-near />}
      </svg>
    </ViewportPortal>
  );
}

function placedNodes({ nodes }: Layout): Node[] {
  const size = { width: NODE_WIDTH, height: NODE_HEIGHT };
  // With size and handles given, no node is drawn to be measured: one out of sight is not drawn at all.
  return [...nodes].map(([id, position]) => ({ id, type: 'job', position, data: {}, ...size, measured: size, handles: [] }));
}

async function bringIntoView(flow: ReactFlowInstance | null, { x, y }: { readonly x: number; readonly y: number }, { width, height }: FlowCanvasProps['size']): Promise<void> {
  if (flow === null) return;
  const { x: left, y: top, zoom } = flow.getViewport();
  const [from, to] = [
    { x: x * zoom + left, y: y * zoom + top },
    { x: (x + NODE_WIDTH) * zoom + left, y: (y + NODE_HEIGHT) * zoom + top },
  ];
  if (from.x >= 0 && from.y >= 0 && to.x <= width && to.y <= height) return;
  await flow.setCenter(x + NODE_WIDTH / 2, y + NODE_HEIGHT / 2, { zoom: Math.max(zoom, READABLE_ZOOM) });
}

function colourOf(node: GraphNode | undefined): string {
  return node?.status === undefined ? 'var(--status-calm)' : `var(--status-${toneOf(node.status)})`;
}
