import { Group } from '@mantine/core';
import type { AuditOutcome } from '@kb-labs/contracts';
import { IconBan, IconCircleCheck, IconCircleDashed } from '@tabler/icons-react';

const LOOKS = {
  asked: ['var(--status-calm)', IconCircleDashed],
  done: ['var(--status-good)', IconCircleCheck],
  refused: ['var(--status-bad)', IconBan],
} as const;

export function AuditOutcomeMark({ outcome }: { readonly outcome: AuditOutcome }) {
  const [color, Shape] = LOOKS[outcome];
  return (
    <Group gap={4} wrap="nowrap" c={color} fw={500} component="span">
      <Shape size={16} aria-hidden />
      {outcome}
    </Group>
  );
}
