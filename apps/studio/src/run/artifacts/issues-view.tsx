import { Group, Select, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconCircleX, IconInfoCircle, IconSearch } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useDeferredValue, useMemo, useRef, useState } from 'react';

import classes from './artifacts.module.css';
import { compareSeverities, isGrave, type Issue, issuesByFile } from './read-issues.js';

type Row = { readonly file: string; readonly count: number } | { readonly issue: Issue };

const HEIGHT = 32;

/** What was found in the code, by file; narrowed by words and severity. */
export function IssuesView({ issues, label }: { readonly issues: readonly Issue[]; readonly label: string }) {
  const [words, setWords] = useState('');
  const [severity, setSeverity] = useState<string | null>(null);
  const wanted = useDeferredValue(words);
  const counts = useMemo(() => [...Map.groupBy(issues, (issue) => issue.severity)].toSorted(([one], [other]) => compareSeverities(one, other)), [issues]);
  const rows = useMemo(() => issuesByFile(issues, { words: wanted, severity }).flatMap(([file, own]): Row[] => [{ file, count: own.length }, ...own.map((issue) => ({ issue }))]), [issues, wanted, severity]);
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroll.current, estimateSize: () => HEIGHT, overscan: 10 });
  const shown = rows.filter((row) => 'issue' in row).length;
  return (
    <>
      <Group gap="xs" mb="xs">
        <TextInput
          size="xs"
          aria-label="Search the issues"
          placeholder="File, rule or message"
          leftSection={<IconSearch size={14} />}
          value={words}
          onChange={({ currentTarget }) => {
            setWords(currentTarget.value);
          }}
        />
        <Select size="xs" aria-label="Severity" placeholder="Every severity" clearable clearButtonProps={{ 'aria-label': 'Every severity' }} value={severity} onChange={setSeverity} data={counts.map(([value, own]) => ({ value, label: `${value} (${String(own.length)})` }))} />
        <Text size="sm" c="dimmed" role="status">
          {shown === issues.length ? `${String(shown)} issues` : `${String(shown)} of ${String(issues.length)} issues`}
        </Text>
      </Group>
      <div ref={scroll} className={classes['issues']} tabIndex={0} role="group" aria-label={label}>
        <div role="list" className={classes['canvas']} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            return row === undefined ? null : (
              <div key={index} role="listitem" ref={virtual.measureElement} data-index={index} className={classes['place']} style={{ top: start }}>
                {'issue' in row ? <IssueRow issue={row.issue} /> : <FileRow file={row.file} count={row.count} />}
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}

function FileRow({ file, count }: { readonly file: string; readonly count: number }) {
  return (
    <div className={classes['file']}>
      <span>{file === '' ? 'without a file' : file}</span>
      <span className={classes['count']}>{count}</span>
    </div>
  );
}

function IssueRow({ issue: { line, column, severity, rule, message } }: { readonly issue: Issue }) {
  const Shape = isGrave(severity) ? IconCircleX : severity.startsWith('warn') ? IconAlertTriangle : IconInfoCircle;
  return (
    <div className={classes['issue']}>
      <span className={classes['where']}>{line === null ? '–' : column === null ? line : `${String(line)}:${String(column)}`}</span>
      <span className={classes['severity']} data-tone={isGrave(severity) ? 'bad' : severity.startsWith('warn') ? 'wait' : 'calm'}>
        <Shape size={14} aria-hidden /> {severity}
      </span>
      <span className={classes['message']}>{message}</span>
      <code className={classes['rule']}>{rule}</code>
    </div>
  );
}
