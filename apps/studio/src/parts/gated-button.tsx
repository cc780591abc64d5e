import { Button, Tooltip, type ButtonProps } from '@mantine/core';
import type { ReactNode } from 'react';

interface GatedButtonProps extends Omit<ButtonProps, 'disabled'> {
  readonly children: ReactNode;
  /** Why it cannot be used now; `undefined` when it can. */
  readonly refused: string | undefined;
  /** Left out by the button that sends its form. */
  readonly onClick?: () => void;
  readonly type?: 'button' | 'submit';
}

/** A button that says why it cannot be used. It can be reached all the same, by keyboard too, and then does nothing. */
export function GatedButton({ refused, onClick, type = 'button', children, ...button }: GatedButtonProps) {
  const stopped = refused !== undefined;
  return (
    <Tooltip label={refused} disabled={!stopped}>
      <Button
        {...button}
        {...(stopped ? { 'data-disabled': true } : {})}
        type={type}
        aria-disabled={stopped}
        onClick={(event) => {
          if (stopped) event.preventDefault();
          else onClick?.();
        }}
      >
        {children}
      </Button>
    </Tooltip>
  );
}
