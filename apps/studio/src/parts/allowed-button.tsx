import type { Permission } from '@kb-labs/contracts';
import type { ButtonProps } from '@mantine/core';
import type { ReactNode } from 'react';

import { notAllowed, useMay } from '../api/may.js';
import { GatedButton } from './gated-button.js';

interface AllowedButtonProps extends Omit<ButtonProps, 'disabled'> {
  readonly permission: Permission;
  readonly onClick: () => void;
  readonly children: ReactNode;
  /** Why it cannot be used now, apart from the permission. */
  readonly because?: string | undefined;
}

/** A button for those who have a permission; others are told that they have not. */
export function AllowedButton({ permission, because, ...button }: AllowedButtonProps) {
  return <GatedButton {...button} refused={useMay(permission) ? because : notAllowed(permission)} />;
}
