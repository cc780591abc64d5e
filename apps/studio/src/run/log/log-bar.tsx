import { ActionIcon, Button, CloseButton, Group, Menu, Text, TextInput, Tooltip } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconClock, IconDownload, IconRegex, IconSearch, IconTextWrap } from '@tabler/icons-react';
import type { RefObject } from 'react';

import type { LineTimes } from './log-line.js';
import classes from './log.module.css';

export interface LogBarProps {
  readonly searchRef: RefObject<HTMLInputElement | null>;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly regex: boolean;
  readonly onRegex: (regex: boolean) => void;
  /** The expression is none. */
  readonly wrong: boolean;
  readonly found: { readonly here: number; readonly all: number; readonly at: number | null; readonly busy: boolean } | null;
  readonly onMove: (by: 1 | -1) => void;
  readonly onWiden: (() => void) | null;
  readonly times: LineTimes;
  readonly onTimes: (times: LineTimes) => void;
  readonly wrap: boolean;
  readonly onWrap: (wrap: boolean) => void;
  readonly follow: boolean;
  readonly onFollow: (follow: boolean) => void;
  readonly onDownload: (what: 'shown' | 'all') => void;
}

/** What is done with a log: search, how it is shown, take it away. */
export function LogBar(props: LogBarProps) {
  const { searchRef, text, onText, regex, onRegex, wrong, found, onMove, onWiden, times, onTimes, wrap, onWrap, follow, onFollow, onDownload } = props;
  return (
    <Group gap="xs" className={classes['bar']} role="toolbar" aria-label="Log">
      <TextInput
        ref={searchRef}
        size="xs"
        w={220}
        aria-label="Search the log"
        placeholder="Search all steps ( / )"
        leftSection={<IconSearch size={14} />}
        rightSection={text === '' ? undefined : <CloseButton size="xs" aria-label="No search" onClick={() => { onText(''); }} />}
        value={text}
        error={wrong}
        onChange={({ currentTarget }) => { onText(currentTarget.value); }}
        onKeyDown={({ key, shiftKey, currentTarget }) => {
          if (key === 'Enter') onMove(shiftKey ? -1 : 1);
          if (key === 'Escape') currentTarget.blur();
        }}
      />
      <Tooltip label="Regular expression">
        <ActionIcon variant={regex ? 'filled' : 'subtle'} color={regex ? 'green' : 'gray'} aria-pressed={regex} aria-label="Regular expression" onClick={() => { onRegex(!regex); }}>
          <IconRegex size={16} />
        </ActionIcon>
      </Tooltip>
      {text === '' ? null : (
        <>
          <Text size="xs" c="dimmed" role="status" data-log-found={found?.here ?? 0}>
            {wrong ? 'no expression' : found === null ? '' : foundText(found)}
          </Text>
          {found !== null && onWiden !== null && found.all > found.here ? (
            <Button size="compact-xs" variant="default" onClick={onWiden}>
              {found.all.toLocaleString()} in all steps
            </Button>
          ) : null}
          <ActionIcon variant="subtle" color="gray" aria-label="Previous hit" disabled={(found?.here ?? 0) === 0} onClick={() => { onMove(-1); }}>
            <IconArrowUp size={16} />
          </ActionIcon>
          <ActionIcon variant="subtle" color="gray" aria-label="Next hit" disabled={(found?.here ?? 0) === 0} onClick={() => { onMove(1); }}>
            <IconArrowDown size={16} />
          </ActionIcon>
        </>
      )}
      <Group gap={6} ml="auto">
        <Menu position="bottom-end">
          <Menu.Target>
            <Tooltip label="Times of lines">
              <ActionIcon variant={times === 'none' ? 'subtle' : 'filled'} color={times === 'none' ? 'gray' : 'green'} aria-label={`Times of lines: ${TIMES[times]}`}>
                <IconClock size={16} />
              </ActionIcon>
            </Tooltip>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.RadioGroup value={times} onChange={(value) => { onTimes(value === 'clock' || value === 'since' ? value : 'none'); }}>
              {Object.entries(TIMES).map(([value, label]) => (
                <Menu.RadioItem key={value} value={value}>
                  {label}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Dropdown>
        </Menu>
        <Tooltip label="Wrap long lines">
          <ActionIcon variant={wrap ? 'filled' : 'subtle'} color={wrap ? 'green' : 'gray'} aria-pressed={wrap} aria-label="Wrap long lines" onClick={() => { onWrap(!wrap); }}>
            <IconTextWrap size={16} />
          </ActionIcon>
        </Tooltip>
        <Button size="compact-sm" variant={follow ? 'filled' : 'default'} aria-pressed={follow} onClick={() => { onFollow(!follow); }}>
          Follow
        </Button>
        <Menu position="bottom-end">
          <Menu.Target>
            <Tooltip label="Download">
              <ActionIcon variant="subtle" color="gray" aria-label="Download the log">
                <IconDownload size={16} />
              </ActionIcon>
            </Tooltip>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => { onDownload('shown'); }}>What is shown</Menu.Item>
            <Menu.Item onClick={() => { onDownload('all'); }}>The whole log</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
    </Group>
  );
}

const TIMES: Readonly<Record<LineTimes, string>> = { none: 'No times', clock: 'Time of day', since: 'Since the step began' };

function foundText({ here, at, busy }: { readonly here: number; readonly at: number | null; readonly busy: boolean }): string {
  const count = `${here.toLocaleString()} ${here === 1 ? 'line' : 'lines'}${busy ? ' …' : ''}`;
  return at === null ? count : `${(at + 1).toLocaleString()} of ${count}`;
}
