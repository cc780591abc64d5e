import { Button, Group } from '@mantine/core';

interface PagesProps {
  /** Of the pages behind the first, up to the one that is shown. */
  readonly cursors: readonly string[];
  readonly next: string | undefined;
  readonly onChange: (cursors: readonly string[]) => void;
}

/** Back and forth in a list that is read by cursors. Nothing, when it is all on one page. */
export function Pages({ cursors, next, onChange }: PagesProps) {
  if (cursors.length === 0 && next === undefined) return null;
  return (
    <Group justify="center" component="nav" aria-label="Pages of the list">
      <Button
        variant="default"
        size="compact-sm"
        disabled={cursors.length === 0}
        onClick={() => {
          onChange(cursors.slice(0, -1));
        }}
      >
        Newer
      </Button>
      <Button
        variant="default"
        size="compact-sm"
        disabled={next === undefined}
        onClick={() => {
          if (next !== undefined) onChange([...cursors, next]);
        }}
      >
        Older
      </Button>
    </Group>
  );
}
