import type { PhaseStateView } from '@kb-labs/contracts';
import { Text } from '@mantine/core';

import { StatusBadge } from '../parts/status-badge.js';
import classes from './flow.module.css';

/** The phases of a playbook in their order, and how far each of them is. */
export function Phases({ phases }: { readonly phases: readonly PhaseStateView[] }) {
  if (phases.length === 0) return null;
  return (
    <ol className={classes['phases']} aria-label="Phases">
      {phases.map(({ phase_id, objective, status, acceptance_criteria, missing_evidence }) => (
        <li key={phase_id}>
          <Text fw={600}>{phase_id}</Text>
          <StatusBadge status={status} />
          <Text size="sm" c="dimmed">
            {objective}
          </Text>
          {acceptance_criteria.map((line) => (
            <Text key={line} size="sm">
              {line}
            </Text>
          ))}
          {missing_evidence.map(({ kind, id = '', description = '' }) => (
            <Text key={`${kind} ${id}`} size="sm" className={classes['missing']}>
              {`missing: ${kind} ${id}${description === '' ? '' : ` – ${description}`}`}
            </Text>
          ))}
        </li>
      ))}
    </ol>
  );
}
