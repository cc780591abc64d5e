import type { ReactNode } from 'react';

import classes from './facts.module.css';

interface FactsProps {
  /** What is `undefined` is left out. */
  readonly rows: readonly (readonly [name: string, value: ReactNode])[];
  /** In as few lines as the width allows, in place of columns. */
  readonly dense?: boolean;
}

/** Names and values side by side. */
export function Facts({ rows, dense = false }: FactsProps) {
  return (
    <dl className={`${classes['facts'] ?? ''} ${dense ? (classes['dense'] ?? '') : ''}`}>
      {rows
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
