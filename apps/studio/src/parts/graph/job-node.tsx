import { VisuallyHidden } from '@mantine/core';
import { memo, type KeyboardEvent } from 'react';

import { Duration } from '../time.js';
import { StatusBadge, toneOf } from '../status-badge.js';
import { describeNode, type GraphNode } from './graph-node.js';
import classes from './job-graph.module.css';

interface JobNodeProps {
  readonly node: GraphNode;
  readonly selected: boolean;
  /** Too small to be read: the box alone is drawn, in its colour. */
  readonly small: boolean;
  /** Of all nodes one can be reached by Tab, the others from there by the arrow keys. */
  readonly reached: boolean;
  readonly onOpen: ((id: string) => void) | undefined;
  readonly onReach: (id: string) => void;
  readonly onKey: (event: KeyboardEvent, id: string) => void;
}

/** A box of the graph: what it is, how it stands, how long it has taken. */
export const JobNode = memo(function JobNode({ node, selected, small, reached, onOpen, onReach, onKey }: JobNodeProps) {
  const { id, status } = node;
  return (
    <button
      type="button"
      className={classes['node']}
      data-node={id}
      data-tone={status === undefined ? 'none' : toneOf(status)}
      aria-pressed={selected}
      {...(small ? { 'aria-label': describeNode(node) } : {})}
      tabIndex={reached ? 0 : -1}
      onClick={() => {
        onReach(id);
        onOpen?.(id);
      }}
      onFocus={() => {
        onReach(id);
      }}
      onKeyDown={(event) => {
        onKey(event, id);
      }}
    >
      {small ? null : <Content node={node} />}
    </button>
  );
});

function Content({ node: { label, sublabel, status, note, time, parts, needs } }: Pick<JobNodeProps, 'node'>) {
  return (
    <>
      <span className={classes['head']}>
        {status === undefined ? null : <StatusBadge status={status} iconOnly />}
        <span className={classes['label']}>{label}</span>
        {time === undefined ? null : (
          <span className={classes['time']}>
            <Duration from={time.from} to={time.to} />
          </span>
        )}
      </span>
      <span className={classes['sub']}>{[sublabel, note].filter((part) => part !== undefined).join(' · ')}</span>
      {parts === undefined || parts.length === 0 ? null : (
        <span className={classes['strip']}>
          {parts.map((part) => (
            <i key={part.id} data-tone={toneOf(part.status)} />
          ))}
        </span>
      )}
      {needs.length === 0 ? null : <VisuallyHidden>{`, after ${needs.join(', ')}`}</VisuallyHidden>}
    </>
  );
}
