import { Alert, type AlertProps } from '@mantine/core';

/** Something to be aware of before going on. Its title can be read in both themes, which that of a yellow alert cannot. */
export function Notice(props: Omit<AlertProps, 'color' | 'variant' | 'styles'>) {
  return <Alert {...props} color="yellow" variant="outline" styles={READABLE} />;
}

const READABLE = { title: { color: 'var(--status-wait)' }, icon: { color: 'var(--status-wait)' } };
