import { Text } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';

import classes from './artifacts.module.css';
import { type DiffRow, fileText, readDiff } from './read-diff.js';

const LINE_HEIGHT = 20;
const FILE_HEIGHT = 32;
const LONGEST = 10_000;
const MARKS = { added: '+', removed: '−', same: ' ' } as const;

/** A unified diff, file by file. What came and went is said by a sign too, not by colour alone. */
export function DiffView({ text, label }: { readonly text: string; readonly label: string }) {
  const rows = useMemo(() => readDiff(text), [text]);
  const files = rows.filter((row) => row.kind === 'file');
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroll.current, estimateSize: (index) => (rows[index]?.kind === 'file' ? FILE_HEIGHT : LINE_HEIGHT), overscan: 20 });
  return (
    <>
      <Text size="xs" c="dimmed" mb={4}>
        {`${files.length === 1 ? '1 file' : `${String(files.length)} files`}, ${String(sum(files, 'added'))} lines added, ${String(sum(files, 'removed'))} removed`}
      </Text>
      <div ref={scroll} className={classes['diff']} tabIndex={0} role="group" aria-label={label}>
        <div className={classes['wide']} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start, size }) => {
            const row = rows[index];
            return row === undefined ? null : (
              <div key={index} className={classes['place']} style={{ top: start, height: size }}>
                <Row row={row} />
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}

function Row({ row }: { readonly row: DiffRow }) {
  switch (row.kind) {
    case 'file':
      return (
        <div className={classes['file']}>
          <span>{fileText(row)}</span>
          <span className={classes['count']}>
            +{row.added} −{row.removed}
          </span>
        </div>
      );
    case 'place':
    case 'note':
      return (
        <div className={classes['change']} data-kind={row.kind}>
          {row.text.slice(0, LONGEST)}
        </div>
      );
    case 'added':
    case 'removed':
    case 'same':
      return (
        <div className={classes['change']} data-kind={row.kind}>
          <span className={classes['n']} aria-hidden>
            {row.before}
          </span>
          <span className={classes['n']} aria-hidden>
            {row.after}
          </span>
          <span className={classes['sign']}>{MARKS[row.kind]}</span>
          <span>{row.text.slice(0, LONGEST)}</span>
        </div>
      );
  }
}

function sum(files: readonly Extract<DiffRow, { kind: 'file' }>[], of: 'added' | 'removed'): number {
  return files.reduce((total, file) => total + file[of], 0);
}
